// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"

	"capsule.dev/tenantview/pkg/view"
)

// Results of a request to resume a watch, for metrics.
const (
	resumed = "resumed"
	// resumeForeign: this server has not shown this user everything up to the revision, with the
	// rights that the user has now.
	resumeForeign = "foreign"
	// resumeExpired: the view does not remember that far back, or the user's grants have changed.
	resumeExpired = "expired"
	// restarted: a watch of tables began again with the existing objects; see Watch.
	restarted = "restarted"
)

const watchExpired = "too old resource version, or the objects that the user may see have changed: list again"

// Watch follows what the user may see: it reports changes of the objects and of the user's rights.
//
// It begins with the existing objects, or resumes after a revision that this server has given to
// the same user. Any other revision has an unknown past and is answered with 410 Expired, after
// which clients list again. Only kubectl get --watch gives up on 410. It asks for tables, which no
// informer does, and keeps no state that a repeated row could harm: so its watch begins again with
// the existing objects.
func (r *REST) Watch(ctx context.Context, options *metainternalversion.ListOptions) (watch.Interface, error) {
	u, err := r.admit(ctx)
	if err != nil {
		return nil, err
	}
	if options == nil {
		options = &metainternalversion.ListOptions{}
	}
	wanted, err := versioner.ParseResourceVersion(options.ResourceVersion)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	starting, span := r.startSpan(ctx, "StartWatch")
	defer span.End(slowSpan)
	sendInitial := options.SendInitialEvents != nil && *options.SendInitialEvents
	// From here on, failures are reported in the stream: see k8s.io/apiserver,
	// storage/cacher, Cacher.Watch.
	if sendInitial {
		err := r.waitNotOlderThan(starting, u, wanted)
		unknown := apierrors.IsResourceExpired(err) || storage.IsTooLargeResourceVersion(err)
		if err != nil && (!unknown || !wantsTable(ctx)) {
			return failedWatch(err), nil
		}
	}
	changed := r.Viewers.Changed() // before the viewer, so that no change is missed
	who, err := r.viewer(starting, u)
	if err != nil {
		return nil, err
	}
	issued := r.issuedTo(u)
	start := view.WatchOptions{Selects: selects(options)}
	resume, given := view.Position{}, false
	if by, revision := r.whoGave(wanted); by == thisServer {
		resume, given = issued.position(revision)
	}
	switch {
	case sendInitial || wanted == 0:
		start.FromNow = !sendInitial && options.SendInitialEvents != nil
	case given:
		start.Resume = resume
	default:
		if !wantsTable(ctx) {
			r.observeResume(resumeForeign)
			return failedWatch(expired(watchExpired)), nil
		}
		r.observeResume(restarted)
	}
	w := &watcher{
		rest:       r,
		user:       u,
		viewer:     who,
		changed:    changed,
		bookmarks:  options.AllowWatchBookmarks,
		initialEnd: options.AllowWatchBookmarks && sendInitial,
		result:     make(chan watch.Event, resultBuffer),
		stopped:    make(chan struct{}),
	}
	w.issued.Store(issued)
	start.Receiver = w
	w.inner, err = r.view.Watch(who, start)
	if errors.Is(err, view.ErrExpired) && wantsTable(ctx) {
		r.observeResume(restarted)
		start.Resume = view.Position{}
		w.inner, err = r.view.Watch(who, start)
	}
	if err != nil {
		r.observeResume(resumeExpired)
		return failedWatch(expired(watchExpired)), nil
	}
	if start.Resume.Revision != 0 {
		r.observeResume(resumed)
	}
	go w.run(ctx)
	return w, nil
}

// selects returns a function that matches objects by a request's selectors, or nil if they match
// all.
func selects(options *metainternalversion.ListOptions) func(*view.Attributes) bool {
	if selectsAll(options) {
		return nil
	}
	return func(o *view.Attributes) bool { return matches(o, options) }
}

// sameViewer returns whether two viewers of the same user see the same, as long as grants do not
// change.
func sameViewer(a, b view.Viewer) bool {
	return a.All == b.All && slices.Equal(a.Subjects, b.Subjects)
}

// jitter shortens an interval by a random part, to spread what many watches do.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/4+1)) //nolint:gosec // spreads load, protects no secret
}

// failedWatch returns a watch that reports an error and ends.
func failedWatch(err error) watch.Interface {
	status := apierrors.NewInternalError(err).Status()
	if known := apierrors.APIStatus(nil); errors.As(err, &known) {
		status = known.Status()
	}
	result := make(chan watch.Event, 1)
	result <- watch.Event{Type: watch.Error, Object: &status}
	close(result)
	return watch.NewProxyWatcher(result)
}

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
	// resumeForeign: the revision is not one up to which this server has told this user all that
	// he could see, by the rights by which he sees now.
	resumeForeign = "foreign"
	// resumeExpired: the view does not remember so far, or the user's grants have changed.
	resumeExpired = "expired"
	// restarted: a table was begun again with what there is; see Watch.
	restarted = "restarted"
)

const watchExpired = "too old resource version, or the objects that may be seen have changed: list again"

// Watch follows what the user may see: changes of the objects, and of his rights.
//
// It begins with the objects that there are, or resumes after a revision that this server
// has given to the same user; any other has an unknown past, and is answered with 410
// Expired, on which every client lists again. Only kubectl get --watch gives up on that. It
// asks for tables, which no informer does, and keeps no state that a repeated row could
// harm: its watch is begun again with what there is.
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
	sendInitial := options.SendInitialEvents != nil && *options.SendInitialEvents
	// From here on, failures are told in the stream: see k8s.io/apiserver,
	// storage/cacher, Cacher.Watch.
	if sendInitial {
		err := r.waitNotOlderThan(ctx, u, wanted)
		unknown := apierrors.IsResourceExpired(err) || storage.IsTooLargeResourceVersion(err)
		if err != nil && (!unknown || !wantsTable(ctx)) {
			return failedWatch(err), nil
		}
	}
	changed := r.Viewers.Changed() // before the viewer, so that no change is missed
	who, err := r.viewer(ctx, u)
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
		issued:     issued,
		changed:    changed,
		bookmarks:  options.AllowWatchBookmarks,
		initialEnd: options.AllowWatchBookmarks && sendInitial,
		result:     make(chan watch.Event, resultBuffer),
		stopped:    make(chan struct{}),
	}
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

// selects returns what a request's selectors select.
func selects(options *metainternalversion.ListOptions) func(*view.Attributes) bool {
	if selectsAll(options) {
		return nil
	}
	return func(o *view.Attributes) bool { return matches(o, options) }
}

// sameViewer tells whether two viewers of the same user see the same by anything else than
// a change of grants.
func sameViewer(a, b view.Viewer) bool {
	return a.All == b.All && slices.Equal(a.Subjects, b.Subjects)
}

// jitter spreads what many watches do at an interval.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/4+1)) //nolint:gosec // spreads load, keeps no secret
}

// failedWatch is a watch that tells an error and ends.
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

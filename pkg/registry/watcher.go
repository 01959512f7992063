// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/util/flowcontrol"

	"capsule.dev/tenantview/pkg/view"
)

const (
	// resultBuffer lets events that come together be flushed together. It is small: what is
	// in it, and the event that waits for room in it, cannot be taken back.
	resultBuffer = 16
	// bookmarkInterval and bookmarkBeforeDeadline are those of kube-apiserver (k8s.io/apiserver,
	// storage/cacher, defaultBookmarkFrequency and bookmarkTimers).
	bookmarkInterval       = time.Minute
	bookmarkBeforeDeadline = 2 * time.Second
	// stuckTime is the shortest interval of bookmarks: see jitter.
	stuckTime = bookmarkInterval - bookmarkInterval/4
)

// Reasons for which the server ends a watch, for metrics.
const (
	// terminatedSlow: the client did not take its events.
	terminatedSlow = "slow"
	// terminatedTimeout: the time that the request had asked for is over.
	terminatedTimeout = "timeout"
	// terminatedClient: the client has gone, or the server is stopping.
	terminatedClient = "client"
)

// watcher serves a view's watcher to one client. As long as the client keeps up, events go
// straight from the view to the client's channel; what it has to wait for is told by the
// watcher's one goroutine.
type watcher struct {
	rest   *REST
	inner  *view.Watcher
	user   user.Info
	viewer view.Viewer
	// changed is closed when the viewer may be another by now.
	changed <-chan struct{}
	issued  *issued
	// bookmarks tells that the client wants bookmarks, and initialEnd that it wants the one
	// after the initial events.
	bookmarks, initialEnd bool

	// sent counts the events that were put into result. taken are those that were out of it when
	// isStuck was last asked, and stuckSince is since when these are no more, though there is one.
	sent       atomic.Uint64
	taken      uint64
	stuckSince time.Time

	result   chan watch.Event
	stopped  chan struct{}
	stopping sync.Once
}

// ResultChan returns the events.
func (w *watcher) ResultChan() <-chan watch.Event { return w.result }

// Stop ends the watch.
func (w *watcher) Stop() { w.stopping.Do(func() { close(w.stopped) }) }

type watchingKey struct{}

// WithWatching returns the context of a request of which the function is told when its watch
// begins to run (true), and when it has ended (false). The handler may still be telling the
// client the last events then.
func WithWatching(ctx context.Context, running func(bool)) context.Context {
	return context.WithValue(ctx, watchingKey{}, running)
}

func (w *watcher) run(ctx context.Context) {
	if running, ok := ctx.Value(watchingKey{}).(func(bool)); ok {
		running(true)
		defer running(false)
	}
	defer close(w.result)
	defer w.inner.Stop()
	reason := w.follow(ctx)
	if w.rest.ObserveTermination != nil {
		w.rest.ObserveTermination(w.rest.kind.Resource, reason)
	}
}

// follow tells the client all events until the watch ends, and returns why it has.
func (w *watcher) follow(ctx context.Context) string {
	bookmark := time.NewTimer(w.untilBookmark(ctx))
	defer bookmark.Stop()
	review := time.NewTimer(jitter(w.rest.reviewInterval()))
	defer review.Stop()
	var event watch.Event
	waiting := false // for the client to take the event
	for sent := 0; ; {
		if !waiting {
			event, waiting = w.next()
		}
		if waiting && sent < resultBuffer && w.trySend(event) {
			waiting = false
			sent++
			continue
		}
		sent = 0 // a client that takes events without end must not keep the rest from its turn
		var result chan<- watch.Event
		if waiting {
			result = w.result
		}
		if w.inner.Overrun() {
			return terminatedSlow
		}
		if !waiting {
			flowcontrol.WatchInitialized(ctx) // again and again is harmless
		}
		select {
		case result <- event:
			w.sent.Add(1)
			waiting = false
		case <-w.inner.Ready():
		case <-bookmark.C:
			if w.isStuck() {
				return terminatedSlow
			}
			if w.bookmarks {
				w.inner.Bookmark()
			}
			bookmark.Reset(w.untilBookmark(ctx))
		case <-review.C:
			w.rest.issuedTo(w.user) // who watches is not forgotten
			w.refreshViewer(ctx)
			review.Reset(jitter(w.rest.reviewInterval()))
		case <-w.changed:
			w.changed = w.rest.Viewers.Changed()
			// All watches come here at once. The change has nothing to do with native RBAC, which
			// each asks about at its own interval.
			w.follows(w.viewer.All)
		case <-ctx.Done():
			return endOf(ctx)
		case <-w.stopped:
			return endOf(ctx)
		}
	}
}

func (w *watcher) trySend(event watch.Event) bool {
	select {
	case w.result <- event:
		w.sent.Add(1)
		return true
	default:
		return false
	}
}

// isStuck tells whether something has waited for the client for so long, and he has taken nothing.
// What waits for him keeps old objects in memory. It is asked with each bookmark.
func (w *watcher) isStuck() bool {
	waiting := uint64(len(w.result))
	taken := w.sent.Load() - waiting
	switch {
	case waiting == 0:
		w.stuckSince = time.Time{}
	case taken != w.taken || w.stuckSince.IsZero():
		w.stuckSince = time.Now()
	}
	w.taken = taken
	return waiting > 0 && time.Since(w.stuckSince) >= stuckTime
}

func endOf(ctx context.Context) string {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return terminatedTimeout
	}
	return terminatedClient
}

// untilBookmark is the time to the next bookmark: one each interval, and one shortly before
// the request's deadline, so that the client resumes where it was cut off.
func (w *watcher) untilBookmark(ctx context.Context) time.Duration {
	next := jitter(bookmarkInterval)
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline) - bookmarkBeforeDeadline; left > 0 && left < next {
			return left
		}
	}
	return next
}

// refreshViewer has the watch follow what native RBAC allows. A review that fails allows nothing, unless
// an answer is still believed: grants go on to be told.
func (w *watcher) refreshViewer(ctx context.Context) {
	all := false
	if w.rest.Reviews != nil {
		all, _ = w.rest.Reviews.CanStillList(ctx, w.user, w.rest.kind.Upstream)
	}
	if ctx.Err() == nil {
		w.follows(all)
	}
}

// follows has the watch follow what the user may see, by anything but a change of grants; all is
// what native RBAC allows.
func (w *watcher) follows(all bool) {
	who := w.rest.Viewers.Viewer(w.user)
	who.All = all
	if !sameViewer(who, w.viewer) {
		w.viewer = who
		w.inner.SetViewer(who)
	}
}

// next takes the next event that the client is to be told, if there is one.
func (w *watcher) next() (watch.Event, bool) {
	for {
		event, ok := w.inner.Next()
		if !ok {
			return watch.Event{}, false
		}
		if out, ok := w.out(event); ok {
			return out, true
		}
	}
}

// Receive is part of view.Receiver.
func (w *watcher) Receive(event view.Event) bool {
	if len(w.result) == cap(w.result) {
		return false
	}
	out, ok := w.out(event)
	return !ok || w.trySend(out)
}

// out returns what the client is told of an event, if anything, and notes that it is.
func (w *watcher) out(event view.Event) (watch.Event, bool) {
	out, ok := w.told(event)
	if ok && !event.Initial {
		w.issued.add(view.Position{Revision: event.Revision, Scope: event.Scope}, event.Partial)
	}
	return out, ok
}

func (w *watcher) told(event view.Event) (out watch.Event, wanted bool) {
	switch event.Type {
	case view.Added:
		return watch.Event{Type: watch.Added, Object: w.object(event)}, true
	case view.Modified:
		return watch.Event{Type: watch.Modified, Object: w.object(event)}, true
	case view.Deleted:
		return watch.Event{Type: watch.Deleted, Object: w.object(event)}, true
	case view.InitialEnd:
		if w.initialEnd {
			return w.bookmark(event.Revision, map[string]string{metav1.InitialEventsAnnotationKey: "true"}), true
		}
	case view.Bookmark:
		if w.bookmarks {
			return w.bookmark(event.Revision, nil), true
		}
	}
	return watch.Event{}, false
}

// object returns the object of an event. Those that watchers share are encoded once for all
// of them; those that were there when this watch began are its own.
func (w *watcher) object(event view.Event) runtime.Object {
	if event.Initial {
		return w.rest.kind.Convert(event.Entry, w.rest.ServerID)
	}
	return event.Served(w.rest.serve).(*shared)
}

func (r *REST) serve(e *view.Entry) any { return newShared(r.kind.Convert(e, r.ServerID)) }

func (w *watcher) bookmark(revision uint64, annotations map[string]string) watch.Event {
	object := w.rest.New()
	if m, err := meta.Accessor(object); err == nil { // every kind has metadata
		m.SetResourceVersion(w.rest.ServerID.format(revision))
		m.SetAnnotations(annotations)
	}
	return watch.Event{Type: watch.Bookmark, Object: object}
}

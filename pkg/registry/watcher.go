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

	"capsule.dev/tenantview/pkg/view"
)

const (
	// resultBuffer lets events that come together be flushed together. It is small because the
	// events in it, and the one that waits for room in it, cannot be taken back.
	resultBuffer = 16
	// bookmarkInterval and bookmarkBeforeDeadline have the values of kube-apiserver
	// (k8s.io/apiserver, storage/cacher, defaultBookmarkFrequency and bookmarkTimers).
	bookmarkInterval       = time.Minute
	bookmarkBeforeDeadline = 2 * time.Second
	// stuckTime is the shortest interval between bookmarks: see jitter.
	stuckTime = bookmarkInterval - bookmarkInterval/4
)

// Reasons why a watch ends, for metrics.
const (
	// terminatedSlow: the client did not take its events.
	terminatedSlow = "slow"
	// terminatedUnknown: nobody can say whether the user may still see what he was shown.
	terminatedUnknown = "unknown"
	// terminatedTimeout: the time that the request asked for is over.
	terminatedTimeout = "timeout"
	// terminatedClient: the client is gone, or the server is stopping.
	terminatedClient = "client"
)

// watcher serves a view's watcher to one client. As long as the client keeps up, events go
// straight from the view to the client's channel. Otherwise, the watcher's one goroutine sends
// them.
type watcher struct {
	rest   *REST
	inner  *view.Watcher
	user   user.Info
	viewer view.Viewer
	// changed is closed when the viewer may have changed.
	changed <-chan struct{}
	issued  atomic.Pointer[issued]
	// bookmarks means that the client wants bookmarks, and initialEnd that it wants the one after
	// the initial events.
	bookmarks, initialEnd bool

	// sent counts the events that were put into result. taken is how many of them the client had
	// taken at the last call of isStuck. stuckSince is since when that number has not grown although
	// events are waiting.
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

// WithWatching returns a context for a request. The request's watch calls running with true when
// it begins to run and with false when it has ended. At that time, the handler may still be sending
// the last events to the client.
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

// follow sends all events to the client until the watch ends. It returns the reason for the end.
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
		sent = 0 // a client that takes events without end must not starve the other cases
		var result chan<- watch.Event
		if waiting {
			result = w.result
		}
		if w.inner.Overrun() {
			return terminatedSlow
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
			w.rest.issuedTo(w.user) // keeps users who watch from being forgotten
			if !w.refreshViewer(ctx) {
				return terminatedUnknown
			}
			review.Reset(jitter(w.rest.reviewInterval()))
		case <-w.changed:
			w.changed = w.rest.Viewers.Changed()
			// All watches get here at once. The change does not concern native RBAC, which each
			// watch reviews at its own interval.
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

// isStuck returns whether events have been waiting for stuckTime while the client has taken none.
// Waiting events keep old objects in memory. isStuck is called with each bookmark.
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

// untilBookmark returns the time until the next bookmark. There is one each interval, and one
// shortly before the request's deadline, so that the client can resume where it was cut off.
func (w *watcher) untilBookmark(ctx context.Context) time.Duration {
	next := jitter(bookmarkInterval)
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline) - bookmarkBeforeDeadline; left > 0 && left < next {
			return left
		}
	}
	return next
}

// refreshViewer updates the watch to what native RBAC allows now. It returns false if the watch has
// shown everything by native RBAC, and it is not known any more whether it may: no review answers,
// and the last answer is too old. The watch must end then. Its client would take events of
// disappearance for deletions; when it lists again, it is told that the server cannot know.
func (w *watcher) refreshViewer(ctx context.Context) bool {
	all := false
	if w.rest.Reviews != nil {
		var unknown error
		all, unknown = w.rest.Reviews.CanStillList(ctx, w.user, w.rest.kind.Upstream)
		if unknown != nil && !all && w.viewer.All && ctx.Err() == nil {
			return false
		}
	}
	if ctx.Err() == nil {
		w.follows(all)
	}
	return true
}

// follows updates the watch to what the user may see now. all is whether native RBAC shows the user
// everything. Changes of grants need no update: the view follows them.
func (w *watcher) follows(all bool) {
	who := w.rest.Viewers.Viewer(w.user)
	who.All = all
	if !sameViewer(who, w.viewer) {
		w.viewer = who
		w.inner.SetViewer(who)
	}
}

// positions returns what the user was given. It is another one after the server has had to forget it.
func (w *watcher) positions() *issued {
	known := w.issued.Load()
	if known.forgotten.Load() {
		known = w.rest.issuedTo(w.user)
		w.issued.Store(known)
	}
	return known
}

// next takes the next event for the client, if there is one.
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

// Receive implements view.Receiver.
func (w *watcher) Receive(event view.Event) bool {
	if len(w.result) == cap(w.result) {
		return false
	}
	out, ok := w.out(event)
	return !ok || w.trySend(out)
}

// out returns what the client is sent for an event, if anything, and notes the position as given.
func (w *watcher) out(event view.Event) (watch.Event, bool) {
	out, ok := w.told(event)
	if ok && !event.Initial {
		w.positions().add(view.Position{Revision: event.Revision, Scope: event.Scope}, event.Partial)
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

// object returns the object of an event. Watchers share it and its encoding, unless it is an
// initial one: those belong to this watch alone.
func (w *watcher) object(event view.Event) runtime.Object {
	if event.Initial {
		o := w.rest.served(event.Entry)
		return &o
	}
	return event.Served(w.rest.serve).(*shared)
}

func (r *REST) serve(e *view.Entry) any { return &shared{served: r.served(e)} }

func (r *REST) served(e *view.Entry) served { return served{kind: r.kind, entry: e, id: r.ServerID} }

func (w *watcher) bookmark(revision uint64, annotations map[string]string) watch.Event {
	object := w.rest.New()
	if m, err := meta.Accessor(object); err == nil { // every kind has metadata
		m.SetResourceVersion(w.rest.ServerID.format(revision))
		m.SetAnnotations(annotations)
	}
	return watch.Event{Type: watch.Bookmark, Object: object}
}

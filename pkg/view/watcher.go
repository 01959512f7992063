// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "errors"

// ErrExpired says that a watch cannot resume where it was asked to: the view does not
// remember so far back, more has happened than a watcher may be behind, or the viewer's grants
// have changed since.
var ErrExpired = errors.New("the view cannot resume from this revision")

// EventType is what an event says of its object.
type EventType uint8

// Types of events.
const (
	Added EventType = iota
	Modified
	Deleted
	// Bookmark says only that everything up to its revision has been delivered.
	Bookmark
	// InitialEnd is the bookmark after the objects that were there when the watch began.
	InitialEnd
)

// Event is what a watcher is told.
type Event struct {
	Type EventType
	// Entry is the object: for Deleted as it was last seen, with the revision of the event.
	// It is nil for bookmarks.
	Entry *Entry
	// Revision is the view's revision of the event.
	Revision uint64
	// Initial tells events of objects that were there when the watch began.
	Initial bool
	// Partial tells that one who has taken this event, and all before it, has not been told
	// all that there is to tell of its revision. A watch must not be resumed there.
	Partial bool

	change *Change
}

// Served returns what serve makes of the event's entry. For events that several watchers are
// told, serve is called once; it must do the same for each of them.
func (e Event) Served(serve func(*Entry) any) any {
	served := func() any { return serve(e.Entry) }
	switch {
	case e.change == nil:
		return served()
	case e.Type == Deleted:
		return e.change.left.get(served)
	default:
		return e.change.here.get(served)
	}
}

// Receiver is handed the events of a watcher that keeps up, without a detour through its
// queue.
type Receiver interface {
	// Receive takes an event, and as whom the watcher is told it; or it returns false if it
	// would have to wait for room, and the event is queued. It is called under the view's
	// locks: it must be quick, and must not call the view.
	Receive(e Event, who Viewer) bool
}

// WatchOptions say what a watch begins with, what it selects and how it is told.
type WatchOptions struct {
	// Resume is the revision after which events are wanted, and FromNow tells that those are
	// wanted after the view's present one. Where neither is set, the watch begins with the
	// objects that there are.
	Resume  uint64
	FromNow bool
	// Selects tells whether an object is wanted; nil wants all. It must be a pure function
	// of the attributes.
	Selects func(*Attributes) bool
	// Receiver, if it is set, is handed an event that comes alone while nothing is left to
	// take: from when Next has found nothing until Ready is signalled. It is not called after
	// Stop has returned, nor for a watch with Selects: what its client selects by is for the
	// client to wait for, not for those behind the view's locks.
	Receiver Receiver
}

// Watcher follows what a viewer may see. Events that its receiver is not handed wait in it
// until they are taken; a watcher whose events are not taken is closed. It has no goroutine of
// its own.
type Watcher struct {
	view     *View
	selects  func(*Attributes) bool
	receiver Receiver

	// The following are guarded by the set's writer lock.

	viewer   Viewer
	audience *audience
	// moving marks a watcher between two audiences, during a transaction.
	moving bool

	queue queue
	ready chan struct{}
}

// Watch begins a watch. It must be ended with Stop.
func (v *View) Watch(who Viewer, o WatchOptions) (*Watcher, error) {
	w := &Watcher{view: v, selects: o.Selects, viewer: who, ready: make(chan struct{}, 1)}
	if w.selects == nil {
		w.selects = func(*Attributes) bool { return true }
		w.receiver = o.Receiver
	}
	if o.Resume != 0 {
		if err := w.resume(o.Resume); err != nil {
			return nil, err
		}
		return w, nil
	}
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	if !o.FromNow {
		for _, s := range union(v.held(who)) {
			w.queue.initial = append(w.queue.initial, s.entry)
		}
		w.queue.begun, w.queue.end = v.revision, true
	}
	v.enter(w)
	return w, nil
}

// resume begins the watch after a revision. What has been missed since is looked up while
// others go on: it takes as long as somebody's criteria are many.
func (w *Watcher) resume(revision uint64) error {
	changes, audience, err := w.enterAt(revision)
	if err != nil {
		return err
	}
	limit := w.view.set.maxQueued
	missed := audience.missed(changes, limit)
	if len(missed) > limit {
		w.Stop()
		return ErrExpired
	}
	w.queue.resume(missed)
	w.signal()
	return nil
}

// enterAt has the watch follow from now on, and returns what has happened since the revision,
// and to whom it is to be told.
func (w *Watcher) enterAt(revision uint64) ([]*change, *audience, error) {
	v := w.view
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	if revision < v.history.floor || revision > v.revision || v.regrants.since(w.viewer, revision) {
		return nil, nil, ErrExpired
	}
	changes := v.history.since(revision)
	w.queue.await(len(changes))
	v.enter(w)
	return changes, w.audience, nil
}

// Stop ends the watch. It can be called more than once.
func (w *Watcher) Stop() {
	w.view.set.writer.Lock()
	defer w.view.set.writer.Unlock()
	w.view.leave(w)
}

// Ready is signalled when there may be events to take.
func (w *Watcher) Ready() <-chan struct{} { return w.ready }

// Next takes the next event, if there is one. It must not be called concurrently.
func (w *Watcher) Next() (Event, bool) {
	for {
		next, ok := w.queue.next()
		switch {
		case !ok:
			return Event{}, false
		case next.change != nil:
			if event, ok := w.event(next.change); ok {
				event.Partial = next.partial
				return event, true
			}
		case next.initial == nil:
			return Event{Type: InitialEnd, Revision: w.queue.begun, Partial: next.partial}, true
		case w.selects(&next.initial.Attributes):
			return Event{Type: Added, Entry: next.initial, Revision: next.initial.Revision, Initial: true}, true
		}
	}
}

// event returns what a change is to one who wants only selected objects.
func (w *Watcher) event(c *Change) (Event, bool) {
	had := c.Previous != nil && w.selects(&c.Previous.Attributes)
	has := c.Current != nil && w.selects(&c.Current.Attributes)
	switch {
	case c.isBookmark():
		return Event{Type: Bookmark, Revision: c.Revision}, true
	case had && has:
		return Event{Type: Modified, Entry: c.Current, Revision: c.Revision, change: c}, true
	case has:
		return Event{Type: Added, Entry: c.Current, Revision: c.Revision, change: c}, true
	case had:
		gone := c.gone.get(func() *Entry { return c.Previous.at(c.Revision) })
		return Event{Type: Deleted, Entry: gone, Revision: c.Revision, change: c}, true
	default:
		return Event{}, false
	}
}

// Overrun tells whether the watcher was closed because its events were not taken. Those
// that had been queued are gone.
func (w *Watcher) Overrun() bool { return w.queue.isOverrun() }

// Bookmark tells the watcher a bookmark at the revision of the view, behind all that it has
// yet to be told.
func (w *Watcher) Bookmark() {
	w.view.set.writer.Lock()
	defer w.view.set.writer.Unlock()
	if w.audience != nil {
		w.push([]*Change{{Revision: w.view.revision}})
	}
}

// SetViewer makes the watch go on for a viewer who may see more or less than before, for
// another reason than a grant. The difference becomes events.
func (w *Watcher) SetViewer(who Viewer) {
	v := w.view
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	if w.audience == nil {
		return
	}
	from := w.audience
	v.leave(w)
	w.viewer = who
	v.enter(w)
	// What has yet to be told of revisions up to now is what the former viewer saw.
	if w.audience.key == from.key {
		if !w.queue.passes() {
			w.queue.settle(v.revision + 1)
		}
		return
	}
	v.set.mu.Lock()
	v.revision += 2 // one for the events, one for what follows them: see Tx.commit
	revision := v.revision - 1
	v.set.mu.Unlock()
	w.queue.settle(revision + 1)
	m := &move{from: from, to: w.audience, watchers: []*Watcher{w}}
	m.dispatch(nil, newRegrant(revision, nil))
}

// push tells changes, at most one of each object. It takes the slice, which may be shared.
func (w *Watcher) push(batch []*Change) {
	if len(batch) == 1 && w.hand(batch[0]) {
		return
	}
	w.queue.push(batch, w.view.set.maxQueued)
	w.signal()
}

// hand gives a change to the receiver, if it is its turn and the receiver takes it.
func (w *Watcher) hand(c *Change) bool {
	if w.receiver == nil || !w.queue.passes() {
		return false
	}
	event, ok := w.event(c)
	event.Partial = c.partial
	return !ok || w.receiver.Receive(event, w.viewer)
}

func (w *Watcher) signal() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"errors"
	"maps"
	"slices"
)

// ErrExpired means that a watch cannot resume at the requested position. The view's history does not
// reach back that far, more has happened than a watcher may be behind, or the viewer's scope has
// changed.
var ErrExpired = errors.New("the view cannot resume from this revision")

// EventType is the type of an event.
type EventType uint8

// Types of events.
const (
	Added EventType = iota
	Modified
	Deleted
	// Bookmark means only that everything up to its revision has been delivered.
	Bookmark
	// InitialEnd is the bookmark after the objects that existed when the watch began.
	InitialEnd
)

// Event is an event of a watch.
type Event struct {
	Type EventType
	// Entry is the object. For Deleted, it is the object as last seen, with the revision of the
	// event. It is nil for bookmarks.
	Entry *Entry
	// Revision is the view's revision of the event. Scope is the watcher's scope at that time.
	Revision uint64
	Scope    Scope
	// Initial is true if the object existed when the watch began.
	Initial bool
	// Partial is true if a client that has received this event, and all before it, does not have
	// everything of its revision yet. A watch must not resume there.
	Partial bool

	change *Change
}

// Served returns the result of serve for the event's entry. If several watchers share an event,
// serve is called once. It must return the same for each of them.
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

// Receiver takes the events of a watcher that keeps up, without a detour through the queue.
type Receiver interface {
	// Receive takes an event. If it would have to wait for room, it returns false, and the event is
	// queued. It is called with the view's locks held, so it must be quick and must not call the
	// view.
	Receive(e Event) bool
}

// WatchOptions define the start of a watch, its selection and its receiver.
type WatchOptions struct {
	// Resume is the position after which the watch starts, if its revision is not 0. With FromNow,
	// the watch starts after the current revision. If neither is set, it starts with the existing
	// objects.
	Resume  Position
	FromNow bool
	// Selects reports whether the client wants an object. nil selects all. It must be a pure
	// function of the attributes.
	Selects func(*Attributes) bool
	// Receiver, if set, gets an event that comes alone while the queue is empty: from when Next has
	// found nothing until Ready is signalled. It is not called after Stop has returned. It is not
	// called for a watch with Selects either: the client should wait for its own selector, and not
	// those who wait for the view's locks.
	Receiver Receiver
}

// Watcher follows the objects that a viewer may see. Events that do not go to the receiver are queued
// until they are taken. A watcher whose events are not taken is closed. It has no goroutine of its
// own.
type Watcher struct {
	view     *View
	selects  func(*Attributes) bool
	receiver Receiver

	// The set's writer lock guards the following fields.

	viewer   Viewer
	audience *audience
	// moving marks a watcher between two audiences, during a transaction.
	moving bool

	queue queue
	ready chan struct{}
}

// Watch starts a watch. The caller must end it with Stop.
func (v *View) Watch(who Viewer, o WatchOptions) (*Watcher, error) {
	w := &Watcher{view: v, selects: o.Selects, viewer: who, ready: make(chan struct{}, 1)}
	if w.selects == nil {
		w.selects = func(*Attributes) bool { return true }
		w.receiver = o.Receiver
	}
	if o.Resume.Revision != 0 {
		if err := w.resume(o.Resume); err != nil {
			return nil, err
		}
		return w, nil
	}
	if o.FromNow {
		v.set.writer.Lock()
		defer v.set.writer.Unlock()
		v.enter(w)
		return w, nil
	}
	members, ordered, at := w.enterWithMembers()
	w.queue.begin(entriesByName(members, ordered), at)
	w.signal()
	return w, nil
}

// enterWithMembers makes the watch follow from now on. It returns the objects that the viewer sees
// now, which the caller puts into their order while others go on.
func (w *Watcher) enterWithMembers() ([]member, bool, Position) {
	v := w.view
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	v.enter(w)
	w.queue.await(0)
	members, ordered := union(slices.Collect(maps.Keys(w.audience.postings)), v.byID)
	return members, ordered, Position{v.revision, w.audience.scope}
}

// resume starts the watch at a position. It looks up the missed changes without blocking others,
// because the time for that grows with the number of the viewer's criteria.
func (w *Watcher) resume(at Position) error {
	changes, audience, err := w.enterAt(at)
	if err != nil {
		return err
	}
	limit := w.view.set.maxQueued
	missed := audience.missed(changes, limit)
	if len(missed) > limit {
		w.Stop()
		return ErrExpired
	}
	// Until all are told, the client's state is that of no revision.
	w.queue.resume(batch{changes: missed, scope: audience.scope, partial: len(missed) - 1})
	w.signal()
	return nil
}

// enterAt makes the watch follow from now on. It returns the changes since the position, and the
// watch's audience.
//
// The result is exact if the viewer now holds the same criteria as at the position. The objects at
// each time decide whether the criteria selected them, whatever the viewer held in between.
func (w *Watcher) enterAt(at Position) ([]*change, *audience, error) {
	v := w.view
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	if at.Revision < v.history.floor || at.Revision > v.revision {
		return nil, nil, ErrExpired
	}
	if scope, _ := v.held(w.viewer); scope != at.Scope {
		return nil, nil, ErrExpired
	}
	changes := v.history.since(at.Revision)
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
				event.Scope, event.Partial = next.scope, next.partial
				return event, true
			}
		case next.initial == nil:
			return Event{Type: InitialEnd, Revision: w.queue.begun, Scope: next.scope, Partial: next.partial}, true
		case w.selects(&next.initial.Attributes):
			return Event{Type: Added, Entry: next.initial, Revision: next.initial.Revision, Initial: true}, true
		}
	}
}

// event returns the event of a change, taking into account that the client wants only selected
// objects.
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

// Overrun reports whether the watcher was closed because its events were not taken. The queued
// events are lost.
func (w *Watcher) Overrun() bool { return w.queue.isOverrun() }

// Bookmark queues a bookmark with the revision of the view, after all other queued events.
func (w *Watcher) Bookmark() {
	w.view.set.writer.Lock()
	defer w.view.set.writer.Unlock()
	if w.audience != nil {
		w.push(batch{changes: []*Change{{Revision: w.view.revision}}, scope: w.audience.scope})
	}
}

// SetViewer continues the watch for a viewer that may see more or less than before, for a reason
// other than a grant. The difference becomes events.
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
	if w.audience.scope == from.scope {
		return
	}
	v.set.mu.Lock()
	v.next += 2 // one for the events, one for what follows: see Tx.prepare
	v.revision = v.next
	v.set.mu.Unlock()
	m := &move{from: from, to: w.audience, watchers: []*Watcher{w}}
	m.dispatch(nil, newGrantChange(v, v.revision-1, nil))
}

// push delivers changes. It takes ownership of the batch.
func (w *Watcher) push(b batch) {
	if len(b.changes) == 1 && w.hand(b) {
		return
	}
	w.queue.push(b, w.view.set.maxQueued)
	w.signal()
}

// hand passes a change to the receiver, if nothing is queued before it and the receiver takes it.
func (w *Watcher) hand(b batch) bool {
	if w.receiver == nil || !w.queue.passes() {
		return false
	}
	event, ok := w.event(b.changes[0])
	event.Scope, event.Partial = b.scope, b.partial > 0 || b.changes[0].partial
	return !ok || w.receiver.Receive(event)
}

func (w *Watcher) signal() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

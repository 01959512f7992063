// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"errors"
	"maps"
	"slices"
)

// ErrExpired says that a watch cannot resume where it was asked to: the view does not
// remember so far back, more has happened than a watcher may be behind, or the viewer's scope
// is another one now.
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
	// Revision is the view's revision of the event, and Scope the one by which its watcher sees
	// what he has been told then.
	Revision uint64
	Scope    Scope
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
	// Receive takes an event; or it returns false if it would have to wait for room, and the
	// event is queued. It is called under the view's locks: it must be quick, and must not call
	// the view.
	Receive(e Event) bool
}

// WatchOptions say what a watch begins with, what it selects and how it is told.
type WatchOptions struct {
	// Resume is the position after which events are wanted, if its revision is not 0, and
	// FromNow tells that those are wanted after the view's present one. Where neither is set,
	// the watch begins with the objects that there are.
	Resume  Position
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
	if o.Resume.Revision != 0 {
		if err := w.resume(o.Resume); err != nil {
			return nil, err
		}
		return w, nil
	}
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	v.enter(w)
	if !o.FromNow {
		w.queue.begin(v.entries(w.audience), v.revision, w.audience.scope)
	}
	return w, nil
}

// entries returns what the audience sees.
func (v *View) entries(a *audience) []*Entry {
	postings := slices.Collect(maps.Keys(a.postings))
	var entries []*Entry
	for _, s := range union(postings, v.byID) {
		entries = append(entries, s.entry)
	}
	return entries
}

// resume begins the watch at a position. What has been missed since is looked up while
// others go on: it takes as long as the viewer's criteria are many.
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
	w.queue.resume(batch{changes: missed, scope: audience.scope})
	w.signal()
	return nil
}

// enterAt has the watch follow from now on, and returns what has happened since the position,
// and to whom it is to be told.
//
// It is exact where the viewer holds the same criteria now: which objects they have selected in
// the meantime is decided by what these were, whatever he has held in between.
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
		w.push(batch{changes: []*Change{{Revision: w.view.revision}}, scope: w.audience.scope})
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
	if w.audience.scope == from.scope {
		return
	}
	v.set.mu.Lock()
	v.next += 2 // one for the events, one for what follows them: see Tx.prepare
	v.revision = v.next
	v.set.mu.Unlock()
	m := &move{from: from, to: w.audience, watchers: []*Watcher{w}}
	m.dispatch(nil, newGrantChange(v, v.revision-1, nil))
}

// push tells changes. It takes the batch.
func (w *Watcher) push(b batch) {
	if len(b.changes) == 1 && w.hand(b) {
		return
	}
	w.queue.push(b, w.view.set.maxQueued)
	w.signal()
}

// hand gives a change to the receiver, if it is its turn and the receiver takes it.
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

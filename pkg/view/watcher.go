// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"errors"
	"math"
	"slices"
	"sync"
)

// ErrExpired says that a watch cannot resume where it was asked to: the view does not
// remember so far back, or the viewer's grants have changed since.
var ErrExpired = errors.New("the view cannot resume from this revision")

// maxQueued is how many changes a watcher may be behind before it is closed. One batch may
// exceed it: what a single grant reveals is shared by all who wait for it.
const maxQueued = 1000

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

// Now stands, as a revision to resume after, for that of the view when the watch begins.
const Now = math.MaxUint64

// WatchOptions say what a watch begins with and what it selects.
type WatchOptions struct {
	// Resume is the revision after which events are wanted. Where it is 0, the watch begins
	// with the objects that there are.
	Resume uint64
	// Selects tells whether an object is wanted; nil wants all. It must be a pure function
	// of the attributes.
	Selects func(*Attributes) bool
}

// Watcher follows what a viewer may see. Events wait in it until they are taken; a watcher
// whose events are not taken is closed. It has no goroutine of its own.
type Watcher struct {
	view    *View
	selects func(*Attributes) bool

	// The following are guarded by the set's writer lock.

	viewer   Viewer
	audience *audience
	// moving marks a watcher between two audiences, during a transaction.
	moving bool

	// begun is the revision at which the watch began.
	begun uint64
	// snapshot tells that the watch begins with the objects that there are, and that the
	// end of these is still to be told.
	snapshot bool

	mu sync.Mutex
	// initial are the objects that there were when the watch began, and batches the changes
	// that have come since, both not yet taken.
	initial []*Entry
	batches [][]*Change
	queued  int
	overrun bool
	ready   chan struct{}
}

// Watch begins a watch. It must be ended with Stop.
func (v *View) Watch(who Viewer, o WatchOptions) (*Watcher, error) {
	w := &Watcher{view: v, selects: o.Selects, viewer: who, ready: make(chan struct{}, 1)}
	if w.selects == nil {
		w.selects = func(*Attributes) bool { return true }
	}
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	w.begun = v.revision
	if o.Resume == 0 {
		w.snapshot = true
		for _, s := range union(v.held(who)) {
			w.initial = append(w.initial, s.entry)
		}
		v.enter(w)
		return w, nil
	}
	if o.Resume == Now {
		v.enter(w)
		return w, nil
	}
	if o.Resume < v.history.floor || o.Resume > v.revision || v.regrantedSince(who, o.Resume) {
		return nil, ErrExpired
	}
	v.enter(w)
	var missed []*Change
	v.history.after(o.Resume, func(c *change) {
		if seen := c.to(w.audience.sees(c.was), w.audience.sees(c.is)); seen != nil {
			missed = append(missed, seen)
			c.forget()
		}
	})
	if len(missed) > 0 {
		w.push(missed)
	}
	return w, nil
}

// regrantedSince tells whether the viewer's grants have changed at a revision or after it.
// At the very revision is too late to resume: it is shared by all objects that the change
// has revealed or hidden, of which the client may have been told a part.
func (v *View) regrantedSince(who Viewer, revision uint64) bool {
	if who.All {
		return false
	}
	for _, s := range who.Subjects {
		if at, ok := v.regrantedAt[s]; ok && at >= revision {
			return true
		}
	}
	return false
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
		e := w.popInitial()
		if e == nil {
			break
		}
		if w.selects(&e.Attributes) {
			return Event{Type: Added, Entry: e, Revision: e.Revision, Initial: true}, true
		}
	}
	if w.snapshot {
		w.snapshot = false
		return Event{Type: InitialEnd, Revision: w.begun}, true
	}
	for {
		c := w.pop()
		if c == nil {
			return Event{}, false
		}
		if event, ok := w.event(c); ok {
			return event, true
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
func (w *Watcher) Overrun() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.overrun
}

// Bookmark queues a bookmark at the revision of the view, behind all that the watcher has
// yet to be told.
func (w *Watcher) Bookmark() {
	w.view.set.writer.Lock()
	defer w.view.set.writer.Unlock()
	w.push([]*Change{{Revision: w.view.revision}})
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
	if w.audience.key == from.key {
		return
	}
	v.set.mu.Lock()
	v.revision += 2 // one for the events, one for what follows them: see Tx.commit
	revision := v.revision - 1
	v.wake()
	v.set.mu.Unlock()
	m := &move{from: from, to: w.audience, watchers: []*Watcher{w}}
	m.dispatch(nil, revision)
}

// push queues changes. It takes the slice, which may be shared.
func (w *Watcher) push(batch []*Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.overrun {
		return
	}
	if w.queued > 0 || len(w.initial) > 0 {
		batch = w.purge(batch)
	}
	if w.queued > maxQueued {
		w.overrun, w.initial, w.batches, w.queued = true, nil, nil, 0
	} else {
		w.batches = append(w.batches, batch)
		w.queued += len(batch)
	}
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// purge drops queued changes of objects that are gone from sight by the batch, so that
// nothing is told of an object after it was hidden but that it is gone; and not even that,
// if its appearance was still queued.
func (w *Watcher) purge(batch []*Change) []*Change {
	leaving := make(map[string]*Change)
	for _, c := range batch {
		if c.Current == nil && c.Previous != nil {
			leaving[c.Previous.Name] = nil
		}
	}
	if len(leaving) == 0 {
		return batch
	}
	w.initial = slices.DeleteFunc(w.initial, func(e *Entry) bool {
		_, ok := leaving[e.Name]
		if ok {
			leaving[e.Name] = &Change{Current: e}
		}
		return ok
	})
	for i, queued := range w.batches {
		kept := make([]*Change, 0, len(queued))
		for _, c := range queued {
			if c.isBookmark() {
				kept = append(kept, c)
				continue
			}
			first, ok := leaving[c.name()]
			switch {
			case !ok:
				kept = append(kept, c)
			case first == nil:
				leaving[c.name()] = c
			}
		}
		w.queued -= len(queued) - len(kept)
		w.batches[i] = kept
	}
	left := make([]*Change, 0, len(batch))
	for _, c := range batch {
		first := (*Change)(nil)
		if c.Current == nil && c.Previous != nil {
			first = leaving[c.Previous.Name]
		}
		switch {
		case first == nil:
			left = append(left, c)
		case first.Previous != nil:
			left = append(left, &Change{Revision: c.Revision, Previous: first.Previous})
		}
	}
	return left
}

func (w *Watcher) popInitial() *Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.initial) == 0 {
		w.initial = nil
		return nil
	}
	e := w.initial[0]
	w.initial[0], w.initial = nil, w.initial[1:]
	return e
}

func (w *Watcher) pop() *Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.batches) > 0 {
		if len(w.batches[0]) == 0 {
			w.batches[0], w.batches = nil, w.batches[1:]
			continue
		}
		c := w.batches[0][0]
		w.batches[0] = w.batches[0][1:]
		w.queued--
		return c
	}
	w.batches = nil
	return nil
}

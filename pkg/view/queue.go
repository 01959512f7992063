// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"sync"
)

// maxQueued is the number of changes that a watcher may be behind before it is closed. The batch
// that it is taking does not count: a single grant may reveal more objects, and all watchers share
// that batch. A watcher that is further behind than the view's history is also closed.
const maxQueued = 1000

// queue holds the changes that a watcher has not delivered yet.
//
// If an object is no longer visible, the queue delivers only its disappearance. If its appearance
// was not delivered either, the queue delivers nothing. The disappearance makes up for the changes
// that were skipped. Until it is taken, the client's state does not match any revision, and the
// events in between are marked as partial.
type queue struct {
	mu sync.Mutex
	// initial are the objects that existed when the watch began. They come first, then the end of
	// the initial objects, if end is set, and then the changes.
	initial []*Entry
	end     bool
	// begun is the revision of that end.
	begun uint64
	// scope is the scope of that end.
	scope   Scope
	batches []batch
	// pushed and taken count all changes that have ever been pushed and taken.
	pushed, taken uint64
	// leaving maps the objects that disappear to the position of the last change that hides them. It
	// does not contain disappearances that were pushed to an empty queue.
	leaving map[string]uint64
	// folded maps the objects in leaving that had changes skipped to the entry that the client has
	// last seen, or nil if the client has seen none.
	folded map[string]*Entry
	// resuming is true while the missed changes, which come first, are not known yet.
	resuming bool
	// overrun is true if the content was dropped because it was too large or too old.
	overrun bool
	// caughtUp is true if the last call of next found nothing, and nothing has been queued since.
	caughtUp bool
}

// batch holds changes as a scope sees them. No two of them are of the same object.
type batch struct {
	// changes may be shared and must not be modified.
	changes []*Change
	scope   Scope
	// partial is the number of leading changes that are partial: the rest of their revisions comes
	// later in the batch.
	partial int
}

// queued is one item to deliver: an entry that existed when the watch began, the end of these
// entries, or a change.
type queued struct {
	initial *Entry
	change  *Change
	scope   Scope
	partial bool
}

// begin puts the existing objects before everything that is pushed.
func (q *queue) begin(initial []*Entry, at Position) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.resuming = false
	if !q.overrun {
		q.initial, q.end, q.begun, q.scope = initial, true, at.Revision, at.Scope
	}
}

// await makes pushed changes wait until resume adds the missed changes that come before them, which
// are at most that many.
func (q *queue) await(most int) {
	q.resuming = true
	q.pushed, q.taken = uint64(most), uint64(most) //nolint:gosec // a number of changes is not negative
}

// resume puts changes before everything that has been pushed.
func (q *queue) resume(missed batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.resuming = false
	if q.overrun || len(missed.changes) == 0 {
		return
	}
	q.taken -= uint64(len(missed.changes))
	for i, c := range missed.changes {
		if c.isDisappearance() {
			q.leaves(c, q.taken+uint64(i))
		}
	}
	q.batches = slices.Insert(q.batches, 0, missed)
}

// leaves records the position of a disappearance, unless a later one is recorded.
func (q *queue) leaves(c *Change, position uint64) {
	if q.leaving == nil {
		q.leaving = make(map[string]uint64)
	}
	q.leaving[c.Previous.Name] = max(q.leaving[c.Previous.Name], position)
}

// push adds a batch.
func (q *queue) push(b batch, limit int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.overrun || len(b.changes) == 0 {
		return
	}
	if len(q.batches) > 0 && q.waiting()-len(q.batches[0].changes) > limit {
		q.drop()
		return
	}
	if q.resuming || len(q.initial) > 0 || q.waiting() > 0 {
		for i, c := range b.changes {
			if c.isDisappearance() {
				q.leaves(c, q.pushed+uint64(i))
			}
		}
	}
	q.batches = append(q.batches, b)
	q.pushed += uint64(len(b.changes))
	q.caughtUp = false
}

func (q *queue) drop() {
	q.overrun, q.initial, q.batches, q.leaving, q.folded = true, nil, nil, nil, nil
}

// dropBefore drops the whole content if a part of it is as old as a revision, because nothing else
// keeps objects of that age. It reports whether it has dropped the content.
func (q *queue) dropBefore(revision uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if oldest, ok := q.oldest(); !ok || oldest > revision {
		return false
	}
	q.drop()
	return true
}

// oldest returns the revision of the next item.
func (q *queue) oldest() (uint64, bool) {
	if len(q.initial) > 0 {
		return q.begun, true
	}
	for i := range q.batches {
		if waiting := q.batches[i].changes; len(waiting) > 0 {
			return waiting[0].Revision, true
		}
	}
	return 0, false
}

// passes reports whether the next change need not be queued, because everything before it has been
// taken. Only push can make it false again.
func (q *queue) passes() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.caughtUp
}

func (q *queue) waiting() int { return int(q.pushed - q.taken) } //nolint:gosec // at most the length of the queue

func (q *queue) isOverrun() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.overrun
}

// next takes the next item, if there is one.
func (q *queue) next() (queued, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.overrun || q.resuming {
		return queued{}, false
	}
	for len(q.initial) > 0 {
		e := q.initial[0]
		q.initial[0], q.initial = nil, q.initial[1:]
		if _, leaves := q.leaving[e.Name]; !leaves {
			return queued{initial: e}, true
		}
		q.fold(e.Name, nil)
	}
	if q.end {
		q.initial, q.end = nil, false
		return queued{scope: q.scope, partial: len(q.folded) > 0}, true
	}
	for q.waiting() > 0 {
		if next := q.takeChange(); next.change != nil {
			next.partial = next.partial || next.change.partial || len(q.folded) > 0
			return next, true
		}
	}
	q.batches, q.caughtUp = nil, true
	return queued{}, false
}

// takeChange takes the first queued change. It returns none if the change is skipped.
func (q *queue) takeChange() queued {
	for len(q.batches[0].changes) == 0 {
		q.batches[0], q.batches = batch{}, q.batches[1:]
	}
	b := &q.batches[0]
	next := queued{change: b.changes[0], scope: b.scope, partial: b.partial > 0}
	b.changes = b.changes[1:]
	b.partial--
	position := q.taken
	q.taken++
	if !next.change.isBookmark() {
		next.change = q.withoutHidden(next.change, position)
	}
	return next
}

// withoutHidden returns the form in which to deliver a change if its object disappears later. It
// returns nil if the change must not be delivered.
func (q *queue) withoutHidden(c *Change, position uint64) *Change {
	name := c.name()
	last, leaves := q.leaving[name]
	if !leaves {
		return c
	}
	if position < last {
		q.fold(name, c.Previous)
		return nil
	}
	delete(q.leaving, name)
	seen, folded := q.folded[name]
	delete(q.folded, name)
	switch {
	case !folded:
		return c
	case seen == nil:
		return nil
	default:
		return c.lastSeen(seen)
	}
}

// fold records that a change was skipped because its object disappears later.
func (q *queue) fold(name string, seen *Entry) {
	if _, folded := q.folded[name]; folded {
		return
	}
	if q.folded == nil {
		q.folded = make(map[string]*Entry)
	}
	q.folded[name] = seen
}

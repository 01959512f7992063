// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"sync"
)

// maxQueued is how many changes a watcher may be behind before it is closed, not counting
// the batch that it is taking: what a single grant reveals may be more, and is shared by all
// who wait for it. One who is further behind than the view's history is closed, too.
const maxQueued = 1000

// queue is what a watcher has still to be told.
//
// Nothing is told of an object that has gone out of sight meanwhile, but that it has gone;
// and not even that, if its appearance has not been told either. What has been left out is
// made up for by the disappearance. Until that is taken, the client's state is that of no
// revision, and what it is told is marked as partial.
type queue struct {
	mu sync.Mutex
	// initial are the objects that there were when the watch began. They come first, then
	// their end, if end is set, and then the changes.
	initial []*Entry
	end     bool
	// begun is the revision of the end.
	begun uint64
	// scope is that of the end.
	scope   Scope
	batches []batch
	// pushed and taken count the changes that have ever been.
	pushed, taken uint64
	// leaving are the objects that go out of sight, with the position of the last change by
	// which they do, unless nothing was queued before.
	leaving map[string]uint64
	// folded are those of them of which something was left out, with the entry that the
	// client has last seen; nil if it knows of none.
	folded map[string]*Entry
	// resuming tells that what comes first is not known yet.
	resuming bool
	// overrun tells that too much was queued, or for too long, and has been dropped.
	overrun bool
	// caughtUp tells that there was nothing to take when next was last called, and that
	// nothing has been queued since.
	caughtUp bool
}

// batch are changes of which no two are of the same object, as they are seen by a scope.
type batch struct {
	// changes may be shared and must not be changed.
	changes []*Change
	scope   Scope
	// partial counts the first ones, which are told in part: what belongs to their revisions
	// comes later in the batch.
	partial int
}

// queued is one thing to tell: an entry that was there when the watch began, the end of
// these, or a change.
type queued struct {
	initial *Entry
	change  *Change
	scope   Scope
	partial bool
}

// begin puts the objects that there are before all that is pushed.
func (q *queue) begin(initial []*Entry, revision uint64, scope Scope) {
	q.initial, q.end, q.begun, q.scope = initial, true, revision, scope
}

// await has all wait that is pushed, until resume tells what comes before: at most so many
// changes.
func (q *queue) await(most int) {
	q.resuming = true
	q.pushed, q.taken = uint64(most), uint64(most)
}

// resume puts changes before all that has been pushed.
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

// leaves notes the position of a disappearance, unless there is one behind it.
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

// dropBefore drops everything if a part of it is as old as a revision: nothing else remembers
// objects as they were then. It returns whether it has.
func (q *queue) dropBefore(revision uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if oldest, ok := q.oldest(); !ok || oldest > revision {
		return false
	}
	q.drop()
	return true
}

// oldest returns the revision of what comes next.
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

// passes tells whether what comes next need not be queued: all before it has been taken. It
// can become untrue by push alone.
func (q *queue) passes() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.caughtUp
}

func (q *queue) waiting() int { return int(q.pushed - q.taken) }

func (q *queue) isOverrun() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.overrun
}

// next takes what comes next, if there is anything.
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

// takeChange takes the first change that is queued; it returns none if it is left out.
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

// withoutHidden returns the change as it is to be told if its object goes out of sight later on;
// nil if it is not.
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

// fold leaves something out of an object that goes out of sight.
func (q *queue) fold(name string, seen *Entry) {
	if _, folded := q.folded[name]; folded {
		return
	}
	if q.folded == nil {
		q.folded = make(map[string]*Entry)
	}
	q.folded[name] = seen
}

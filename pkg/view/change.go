// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"sort"
	"sync"
)

// Change is what one transaction did to one object, as somebody saw it. All who saw it so
// share it.
type Change struct {
	// Revision is the view's revision of the change.
	Revision uint64
	// Previous is what was seen before, and Current what is seen now; nil for nothing. A
	// change without either is a bookmark.
	Previous, Current *Entry
	// partial tells that there are other changes of the same revision.
	partial bool

	// gone is the previous entry as the event of its disappearance shows it.
	gone memo[*Entry]
	// here and left are the forms in which Current and gone are served. They live as long as
	// somebody has still to be told of the change.
	here, left memo[any]

	mu sync.Mutex
	// since are the disappearances that this one is to those who have last seen another
	// entry than Previous: what came in between was left out.
	since map[*Entry]*Change
}

// lastSeen returns the disappearance as it is to those who have last seen that entry.
func (c *Change) lastSeen(seen *Entry) *Change {
	if seen == c.Previous {
		return c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.since[seen]
	if d == nil {
		d = &Change{Revision: c.Revision, Previous: seen, partial: c.partial}
		if c.since == nil {
			c.since = make(map[*Entry]*Change)
		}
		c.since[seen] = d
	}
	return d
}

// memo is a value that is made once, by whoever needs it first.
type memo[T any] struct {
	once  sync.Once
	value T
}

func (m *memo[T]) get(produce func() T) T {
	m.once.Do(func() { m.value = produce() })
	return m.value
}

func (c *Change) name() string {
	if c.Current != nil {
		return c.Current.Name
	}
	return c.Previous.Name
}

func (c *Change) isBookmark() bool { return c.Previous == nil && c.Current == nil }

func (c *Change) isDisappearance() bool { return c.Previous != nil && c.Current == nil }

// change is what a transaction did to one slot, and which postings contained it.
type change struct {
	revision uint64
	// partial tells that there are other changes of the same revision.
	partial           bool
	slot              *slot
	previous, current *Entry
	// is is set when the transaction ends: it may have made postings after the change.
	was, is []*posting

	// seen are the Changes that it is to those who saw the object before, who see it now,
	// and both. They are made when somebody is concerned.
	appeared, modified, vanished *Change
}

// to returns what the change is to those who saw the object before, or see it now; nil if it is
// nothing to them. All who are told of it together share it.
func (c *change) to(saw, sees bool) *Change {
	var shared **Change
	switch {
	case saw && sees:
		shared = &c.modified
	case sees:
		shared = &c.appeared
	case saw:
		shared = &c.vanished
	default:
		return nil
	}
	if *shared == nil {
		*shared = c.as(saw, sees)
	}
	return *shared
}

// as is to for one who is told of it alone. It may be called at any time.
func (c *change) as(saw, sees bool) *Change {
	if !saw && !sees {
		return nil
	}
	seen := &Change{Revision: c.revision, partial: c.partial}
	if saw {
		seen.Previous = c.previous
	}
	if sees {
		seen.Current = c.current
	}
	return seen
}

// forget drops the Changes, which nobody needs any more who has been told.
func (c *change) forget() { c.appeared, c.modified, c.vanished = nil, nil, nil }

// How much of a view's past a watch can resume behind: so many changes, of objects that take
// so many bytes together.
const (
	historySize  = 4096
	historyBytes = 64 << 20
)

// history is the latest changes of a view, in their order.
type history struct {
	changes []*change
	bytes   int
	// floor is the revision of the latest change that is forgotten.
	floor uint64
	// dropped are the bytes that have been forgotten since turned was last true.
	dropped int
}

func (h *history) add(c *change, size, bytes int) {
	h.changes = append(h.changes, c)
	h.bytes += c.size()
	for len(h.changes) > size || h.bytes > bytes {
		oldest := h.changes[0]
		h.changes[0], h.changes = nil, h.changes[1:]
		h.bytes -= oldest.size()
		h.floor = oldest.revision
		h.dropped += oldest.size()
	}
}

// turned tells, time and again, that so many bytes have been forgotten.
func (h *history) turned(bytes int) bool {
	if h.dropped < bytes {
		return false
	}
	h.dropped = 0
	return true
}

// since returns the changes after a revision, in their order. The slice is the caller's.
func (h *history) since(revision uint64) []*change {
	i := sort.Search(len(h.changes), func(i int) bool { return h.changes[i].revision > revision })
	return slices.Clone(h.changes[i:])
}

// size is what it takes to remember the change, about: the entry that it has replaced is
// remembered by the change before, and the postings that contain the object now are the object's
// own until it moves.
func (c *change) size() int {
	const pointer = 8
	postings := pointer * len(c.was)
	if len(c.was) > 0 && len(c.is) == len(c.was) && &c.is[0] == &c.was[0] {
		postings = 0
	}
	switch {
	case c.current != nil:
		return postings + c.current.Size
	case c.previous != nil:
		return postings + c.previous.Size
	default: // it came and went in one transaction
		return postings
	}
}

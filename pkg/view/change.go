// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "sync"

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

// to returns what the change is to those who saw the object before, or see it now.
func (c *change) to(saw, sees bool) *Change {
	switch {
	case saw && sees:
		if c.modified == nil {
			c.modified = &Change{Revision: c.revision, Previous: c.previous, Current: c.current, partial: c.partial}
		}
		return c.modified
	case sees:
		if c.appeared == nil {
			c.appeared = &Change{Revision: c.revision, Current: c.current, partial: c.partial}
		}
		return c.appeared
	case saw:
		if c.vanished == nil {
			c.vanished = &Change{Revision: c.revision, Previous: c.previous, partial: c.partial}
		}
		return c.vanished
	default:
		return nil
	}
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
}

func (h *history) add(c *change, size, bytes int) {
	h.changes = append(h.changes, c)
	h.bytes += c.size()
	for len(h.changes) > size || h.bytes > bytes {
		oldest := h.changes[0]
		h.changes[0], h.changes = nil, h.changes[1:]
		h.bytes -= oldest.size()
		h.floor = oldest.revision
	}
}

// after calls f for each change after a revision, in their order, as long as f returns true.
func (h *history) after(revision uint64, f func(*change) bool) {
	for _, c := range h.changes {
		if c.revision > revision && !f(c) {
			return
		}
	}
}

// size is what it takes to remember the change, about: the entry that it has replaced is
// remembered by the change before.
func (c *change) size() int {
	switch {
	case c.current != nil:
		return c.current.Size
	case c.previous != nil:
		return c.previous.Size
	default: // it came and went in one transaction
		return 0
	}
}

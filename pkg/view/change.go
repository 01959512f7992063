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

// change is what a transaction did to one slot.
type change struct {
	revision uint64
	// partial tells that there are other changes of the same revision.
	partial           bool
	slot              *slot
	previous, current *Entry

	// was and is are the postings that contained the slot before, and that contain it now, and
	// that somebody watches. They are forgotten when watchers have been told.
	was, is []*posting
	// appeared, modified and vanished are the Changes that it is to those who see the object
	// now, who saw it before, and both. They are made when somebody is concerned.
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

// forget drops what nobody needs any more when watchers have been told.
func (c *change) forget() { c.was, c.is, c.appeared, c.modified, c.vanished = nil, nil, nil, nil, nil }

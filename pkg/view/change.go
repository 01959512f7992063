// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "sync"

// Change is what one transaction did to one object, as a watcher sees it. Watchers that see it in
// the same way share it.
type Change struct {
	// Revision is the view's revision of the change.
	Revision uint64
	// Previous is the entry that the watcher saw before, and Current the one that it sees now. Each
	// may be nil. If both are nil, the change is a bookmark.
	Previous, Current *Entry
	// partial is true if there are other changes of the same revision.
	partial bool

	// gone is the previous entry as the event of its disappearance shows it.
	gone memo[*Entry]
	// here and left are the served forms of Current and gone. They live until all watchers have
	// received the change.
	here, left memo[any]

	mu sync.Mutex
	// since holds variants of this disappearance, for watchers that have last seen another entry
	// than Previous, because the changes in between were skipped.
	since map[*Entry]*Change
}

// lastSeen returns the disappearance for watchers that have last seen that entry.
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

// memo is a value that its first user creates.
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

// change is what one transaction did to one slot.
type change struct {
	revision uint64
	// partial is true if there are other changes of the same revision.
	partial           bool
	slot              *slot
	previous, current *Entry

	// was and is are the watched postings that contained the slot before, and that contain it now.
	// They are dropped after the dispatch.
	was, is []*posting
	// appeared, modified and vanished are the Changes for watchers that see the object only now,
	// both before and now, or only before. They are created on demand.
	appeared, modified, vanished *Change
}

// to returns the Change for watchers that saw the object before, or see it now. It returns nil if
// the change does not concern them. All watchers in one dispatch share the result.
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

// as is like to, but for a single watcher: the result is not shared. It may be called at any time.
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

// forget drops what is not needed after the dispatch.
func (c *change) forget() { c.was, c.is, c.appeared, c.modified, c.vanished = nil, nil, nil, nil, nil }

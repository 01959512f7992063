// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"sort"
)

// How much of a view's past a watch can resume behind: so many changes, of objects that take
// so many bytes together.
const (
	historySize  = 4096
	historyBytes = 64 << 20
)

// changeOverhead is what it takes to remember a change, about, beside the object.
const changeOverhead = 256

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
// remembered by the change before.
func (c *change) size() int {
	switch {
	case c.current != nil:
		return changeOverhead + c.current.Size
	case c.previous != nil:
		return changeOverhead + c.previous.Size
	default: // it came and went in one transaction
		return changeOverhead
	}
}

// missed returns what the audience would have been told of changes, up to a number more than
// limit. Whether it saw an object then is decided by what the object was then: criteria are pure
// functions of that. So it needs no lock, and it is right whatever others held in the meantime.
func (a *audience) missed(changes []*change, limit int) []*Change {
	// Most entries are the current one of a change, and the previous one of another.
	known := make(map[*Entry]bool)
	sees := func(e *Entry) bool {
		if e == nil {
			return false
		}
		sees, ok := known[e]
		if !ok {
			for p := range a.postings {
				if sees = p.criterion.Matches(&e.Attributes); sees {
					break
				}
			}
			known[e] = sees
		}
		return sees
	}
	var missed []*Change
	for _, c := range changes {
		if seen := c.as(sees(c.previous), sees(c.current)); seen != nil {
			if missed = append(missed, seen); len(missed) > limit {
				break
			}
		}
	}
	return missed
}

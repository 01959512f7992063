// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"sort"
)

// Limits of a view's history: the number of changes, and the total size of their objects in bytes. A
// watch cannot resume from before the history.
const (
	historySize  = 4096
	historyBytes = 64 << 20
)

// changeOverhead is the approximate size of a remembered change without its object, in bytes.
const changeOverhead = 256

// history holds the latest changes of a view, in order.
type history struct {
	changes []*change
	bytes   int
	// floor is the revision of the latest change that has been dropped.
	floor uint64
	// dropped is the number of bytes that have been dropped since turned last returned true.
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

// turned returns true each time that the number of bytes has been dropped again.
func (h *history) turned(bytes int) bool {
	if h.dropped < bytes {
		return false
	}
	h.dropped = 0
	return true
}

// since returns the changes after a revision, in order. The caller owns the slice.
func (h *history) since(revision uint64) []*change {
	i := sort.Search(len(h.changes), func(i int) bool { return h.changes[i].revision > revision })
	return slices.Clone(h.changes[i:])
}

// size returns the approximate size of the change in the history. It does not include the replaced
// entry, because the change before counts that.
func (c *change) size() int {
	switch {
	case c.current != nil:
		return changeOverhead + c.current.Size
	case c.previous != nil:
		return changeOverhead + c.previous.Size
	default: // the object was created and deleted in one transaction
		return changeOverhead
	}
}

// missed returns the changes that the audience would have received, up to a number more than limit.
// Criteria are pure functions of an object, so the object at that time decides whether the audience
// saw it. So missed needs no lock, and it is correct whatever others held in the meantime.
func (a *audience) missed(changes []*change, limit int) []*Change {
	// Most entries are Current in one change and Previous in another.
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

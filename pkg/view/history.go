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

// missed returns what has become of the objects that the audience saw before the changes, or sees
// after them: the net change of each, in the order of the latest changes that it would have been
// told. If there are more than limit, it returns more than limit.
//
// Criteria are pure functions of an object, so the object at each time decides whether the audience
// saw it. So missed needs no lock, and it is correct whatever others held in the meantime. The
// states in between are left out: the viewer may not have held the criteria then.
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
	net := make(map[*slot]*Change)
	var order []*slot // by the latest change; those that come again later are nil
	at := make(map[*slot]int)
	for _, c := range changes {
		seen := c.as(sees(c.previous), sees(c.current))
		if seen == nil {
			continue
		}
		if earlier := net[c.slot]; earlier != nil {
			seen.Previous = earlier.Previous
			order[at[c.slot]] = nil
		}
		net[c.slot], at[c.slot] = seen, len(order)
		order = append(order, c.slot)
	}
	missed := make([]*Change, 0, len(net))
	for _, s := range order {
		if s == nil {
			continue
		}
		if c := net[s]; c.Previous != nil || c.Current != nil { // else it came and went
			if missed = append(missed, c); len(missed) > limit {
				break
			}
		}
	}
	return missed
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"
	"sync/atomic"
)

// posting is the set of slots that meet a criterion.
type posting struct {
	// id is unique in the process, and never used again.
	id        uint64
	criterion Criterion
	members   map[*slot]struct{}
	// audiences are those that see the members. Guarded by the set's writer lock.
	audiences map[*audience]struct{}
	// holdings counts the subjects' holdings that use the posting.
	holdings int
	// byName caches the members in the order of their names; nil after a change of the
	// members. Readers that share the read lock may both build it.
	byName atomic.Pointer[[]*slot]
}

var postingIDs atomic.Uint64

func newPosting(c Criterion) *posting {
	return &posting{id: postingIDs.Add(1), criterion: c, members: make(map[*slot]struct{})}
}

func (p *posting) add(s *slot) {
	p.members[s] = struct{}{}
	p.byName.Store(nil)
	s.postings = append(slices.Clip(s.postings), p) // never in place
}

func (p *posting) remove(s *slot) {
	delete(p.members, s)
	p.byName.Store(nil)
	s.postings = slices.DeleteFunc(slices.Clone(s.postings), func(q *posting) bool { return q == p })
}

// sorted returns the members in the order of their names. It is shared: read only.
func (p *posting) sorted() []*slot {
	if s := p.byName.Load(); s != nil {
		return *s
	}
	slots := make([]*slot, 0, len(p.members))
	for s := range p.members {
		slots = append(slots, s)
	}
	sortByName(slots)
	p.byName.Store(&slots)
	return slots
}

// union returns the members of all postings, each once, in the order of their names. The
// result may be shared: read only.
func union(postings []*posting) []*slot {
	switch len(postings) {
	case 0:
		return nil
	case 1:
		return postings[0].sorted()
	}
	n := 0
	for _, p := range postings {
		n += len(p.members)
	}
	slots := make([]*slot, 0, n)
	for _, p := range postings {
		slots = append(slots, p.sorted()...)
	}
	sortByName(slots)
	return slices.Compact(slots)
}

func sortByName(slots []*slot) {
	slices.SortFunc(slots, func(a, b *slot) int { return strings.Compare(a.name, b.name) })
}

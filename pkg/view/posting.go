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
	// members are the slots, with the place that the posting has among the slot's.
	members map[*slot]int
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
	return &posting{id: postingIDs.Add(1), criterion: c, members: make(map[*slot]int)}
}

// add and remove take the same time however many postings contain the slot.

func (p *posting) add(s *slot) {
	s.own()
	p.members[s] = len(s.postings)
	p.byName.Store(nil)
	s.postings = append(s.postings, p)
}

func (p *posting) remove(s *slot) {
	i, ok := p.members[s]
	if !ok {
		return
	}
	delete(p.members, s)
	p.byName.Store(nil)
	s.own()
	last := len(s.postings) - 1
	if moved := s.postings[last]; moved != p {
		s.postings[i] = moved
		moved.members[s] = i
	}
	s.postings[last] = nil
	s.postings = s.postings[:last]
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
	// Many postings of the same few slots are not sorted more than once.
	once := make(map[*slot]struct{}, n/len(postings))
	slots := make([]*slot, 0, n/len(postings))
	for _, p := range postings {
		for s := range p.members {
			if _, ok := once[s]; !ok {
				once[s] = struct{}{}
				slots = append(slots, s)
			}
		}
	}
	sortByName(slots)
	return slots
}

func sortByName(slots []*slot) {
	slices.SortFunc(slots, func(a, b *slot) int { return strings.Compare(a.name, b.name) })
}

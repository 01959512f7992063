// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync/atomic"

	"capsule.dev/tenantview/pkg/smallset"
)

// posting is the set of the slots that meet a criterion: a postings list of the inverted index.
type posting struct {
	criterion Criterion
	// digest identifies the criterion.
	digest digest
	// terms are the terms by which candidates finds the posting. bounded is false if there are none.
	terms   []term
	bounded bool

	// The set's mu guards members.
	members ids
	// generation counts the changes of the members.
	generation uint64
	// byName caches the members in the order of their names. It is nil after a change of the
	// members. Several readers that share the read lock may build it.
	byName atomic.Pointer[[]*slot]

	// audiences are those that see the members. holdings counts the subjects' holdings that use
	// the posting. Only the writer uses both.
	audiences map[*audience]struct{}
	holdings  int
	// visited is scratch: see View.visits.
	visited uint64
}

type digest [sha256.Size]byte

func newPosting(c Criterion) *posting {
	p := &posting{criterion: c, digest: sha256.Sum256([]byte(c.key))}
	p.terms, p.bounded = c.expr.terms()
	return p
}

func (p *posting) add(id uint32) {
	p.members.add(id)
	p.generation++
	p.byName.Store(nil)
}

func (p *posting) remove(id uint32) {
	p.members.remove(id)
	p.generation++
	p.byName.Store(nil)
}

// member is a slot in a set of objects, and its entry.
type member struct {
	slot  *slot
	entry *Entry
}

// union returns the members of all postings without duplicates, in no order. ordered is true if
// there is one posting that knows the order of its members' names.
func union(postings []*posting, byID []*slot) (members []member, ordered bool) {
	if len(postings) == 1 {
		if known := postings[0].byName.Load(); known != nil {
			members = make([]member, len(*known))
			for i, s := range *known {
				members[i] = member{s, s.entry}
			}
			return members, true
		}
	}
	var either ids
	for _, p := range postings {
		either.addAll(&p.members)
	}
	members = make([]member, 0, either.len())
	either.each(func(id uint32) { members = append(members, member{byID[id], byID[id].entry}) })
	return members, false
}

// entriesByName returns the entries of members in the order of their names. It changes the order of
// the members.
func entriesByName(members []member, ordered bool) []*Entry {
	if len(members) == 0 {
		return nil
	}
	if !ordered {
		slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.entry.Name, b.entry.Name) })
	}
	entries := make([]*Entry, len(members))
	for i := range members {
		entries[i] = members[i].entry
	}
	return entries
}

// remember stores the order of the members, which is that of a generation of the posting.
func (p *posting) remember(members []member, generation uint64) {
	if p.generation != generation {
		return
	}
	slots := make([]*slot, len(members))
	for i := range members {
		slots[i] = members[i].slot
	}
	p.byName.Store(&slots)
}

// sortByName sorts slots that have an entry.
func sortByName(slots []*slot) {
	slices.SortFunc(slots, func(a, b *slot) int { return strings.Compare(a.entry.Name, b.entry.Name) })
}

// postings are the postings of a view, except the one of all objects. Only the writer uses them.
// Readers see postings only through the holdings of subjects.
type postings struct {
	// byKey are all postings, by the key of their criterion.
	byKey map[string]*posting
	// byTerm are the postings that have terms, by each of their terms. byLabel counts the terms for
	// each label.
	byTerm  map[term]smallset.Set[*posting]
	byLabel map[string]int
	// unbounded are the postings without terms: they may contain any object.
	unbounded smallset.Set[*posting]
}

func newPostings() postings {
	return postings{
		byKey: make(map[string]*posting), byTerm: make(map[term]smallset.Set[*posting]), byLabel: make(map[string]int),
	}
}

func (ps *postings) insert(p *posting) {
	ps.byKey[p.criterion.key] = p
	if !p.bounded {
		ps.unbounded.Add(p)
	}
	for _, t := range p.terms {
		found, known := ps.byTerm[t]
		if !known && t.isOfLabel() {
			ps.byLabel[t.key]++
		}
		found.Add(p)
		ps.byTerm[t] = found
	}
}

func (ps *postings) delete(p *posting) {
	delete(ps.byKey, p.criterion.key)
	ps.unbounded.Remove(p)
	for _, t := range p.terms {
		found, known := ps.byTerm[t]
		if found.Remove(p); found.Len() > 0 {
			ps.byTerm[t] = found
		}
		if found.Len() > 0 || !known {
			continue
		}
		delete(ps.byTerm, t)
		if !t.isOfLabel() {
			continue
		}
		if ps.byLabel[t.key]--; ps.byLabel[t.key] == 0 {
			delete(ps.byLabel, t.key)
		}
	}
}

// candidates calls f with every posting that may contain an object with these attributes. It may
// call f more than once with the same posting.
func (ps *postings) candidates(o *Attributes, f func(*posting)) {
	each := func(found smallset.Set[*posting]) {
		for p := range found.All() {
			f(p)
		}
	}
	each(ps.unbounded)
	each(ps.byTerm[term{field: nameField, value: o.Name}])
	if o.Partition != "" {
		each(ps.byTerm[term{field: partitionField, value: o.Partition}])
	}
	if len(ps.byLabel) == 0 {
		return
	}
	for _, label := range o.Labels {
		key, value := label.key, label.value
		if ps.byLabel[key] > 0 {
			each(ps.byTerm[term{labelField, key, value}])
			each(ps.byTerm[term{field: labelKeyField, key: key}])
		}
	}
}

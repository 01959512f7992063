// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "maps"

// classify puts a slot into the postings whose criteria its entry meets, and takes it out
// of the others. It compares the entry with the criteria that could be concerned: those
// anchored at one of its attributes, or at none.
func (v *View) classify(s *slot, previous *Entry) {
	if previous != nil && previous.Partition == s.entry.Partition && maps.Equal(previous.Labels, s.entry.Labels) {
		return // names do not change, so no criterion can tell the two apart
	}
	for i := len(s.postings) - 1; i >= 0; i-- {
		if p := s.postings[i]; !p.criterion.Matches(&s.entry.Attributes) {
			p.remove(s)
			v.retire(p)
		}
	}
	if partition := s.entry.Partition; partition != "" {
		v.join(v.posting(Partition(partition)), s)
	}
	if p := v.postings[Name(s.name).key]; p != nil {
		v.join(p, s)
	}
	v.joinAnchored(anchor{}, s)
	v.joinAnchored(anchor{kind: anchorName, value: s.name}, s)
	v.joinAnchored(anchor{kind: anchorPartition, value: s.entry.Partition}, s)
	for key, value := range s.entry.Labels {
		v.joinAnchored(anchor{kind: anchorLabel, key: key, value: value}, s)
	}
}

func (v *View) joinAnchored(a anchor, s *slot) {
	for p := range v.anchored[a] {
		if p.criterion.Matches(&s.entry.Attributes) {
			v.join(p, s)
		}
	}
}

func (v *View) join(p *posting, s *slot) {
	if _, ok := p.members[s]; !ok {
		p.add(s)
	}
}

// posting returns the posting of a criterion, made and filled if it does not exist.
func (v *View) posting(c Criterion) *posting {
	if c.key == v.all.criterion.key {
		return v.all
	}
	if p := v.postings[c.key]; p != nil {
		return p
	}
	p := newPosting(c)
	v.postings[c.key] = p
	if !c.isMaintainedByKey() {
		if v.anchored[c.anchor] == nil {
			v.anchored[c.anchor] = make(map[*posting]struct{})
		}
		v.anchored[c.anchor][p] = struct{}{}
	}
	v.fill(p)
	return p
}

// isMaintainedByKey tells criteria whose posting classify finds by its key.
func (c Criterion) isMaintainedByKey() bool {
	return c.match == nil && (c.anchor.kind == anchorName || c.anchor.kind == anchorPartition)
}

// fill adds the slots that meet the criterion: where its anchor names them, without a pass
// over the view.
func (v *View) fill(p *posting) {
	switch a := p.criterion.anchor; {
	case a.kind == anchorName:
		if s := v.slots[a.value]; s != nil {
			v.joinMatching(p, s)
		}
	case a.kind == anchorPartition && p.criterion.match == nil:
		// A partition's posting exists as long as the partition has objects, so this one
		// has none, or is being made for its first.
	case a.kind == anchorPartition:
		if members := v.postings[Partition(a.value).key]; members != nil {
			for s := range members.members {
				v.joinMatching(p, s)
			}
		}
	default:
		for s := range v.all.members {
			v.joinMatching(p, s)
		}
	}
}

func (v *View) joinMatching(p *posting, s *slot) {
	if p.criterion.Matches(&s.entry.Attributes) {
		v.join(p, s)
	}
}

// retire marks a posting for the end of the transaction, if nobody uses it then.
func (v *View) retire(p *posting) {
	if p != v.all && p.holdings == 0 {
		v.retired = append(v.retired, p)
	}
}

// dropIfUnused forgets a posting that no subject holds. That of a partition is kept while
// it has members, so that the next grant of the partition finds them without a pass.
func (v *View) dropIfUnused(p *posting) {
	if p == v.all || p.holdings > 0 || v.postings[p.criterion.key] != p {
		return
	}
	c := p.criterion
	if c.match == nil && c.anchor.kind == anchorPartition && len(p.members) > 0 {
		return
	}
	delete(v.postings, c.key)
	if siblings := v.anchored[c.anchor]; siblings != nil {
		delete(siblings, p)
		if len(siblings) == 0 {
			delete(v.anchored, c.anchor)
		}
	}
	for s := range p.members {
		p.remove(s)
	}
}

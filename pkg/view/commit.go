// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
)

// membership is an edit of the members of a posting.
type membership struct {
	posting *posting
	id      uint32
	member  bool
}

// prepare computes the effects of the transaction. It changes nothing that readers see, so they can
// continue meanwhile, even if it takes long to evaluate the criteria that users have written.
func (tx *Tx) prepare() {
	for v, t := range tx.touched {
		t.changes = slices.DeleteFunc(t.changes, func(c *change) bool { return c == nil })
		for _, c := range t.changes {
			c.previous, c.current = c.slot.entry, c.slot.latest
			v.reindex(c.slot)
		}
		for _, p := range t.created {
			p.members = newIDs(p.criterion.expr.within(v.index, nil))
		}
		for i, c := range t.changes {
			v.compare(c, t)
			if i > 0 && t.changes[i-1].revision == c.revision {
				t.changes[i-1].partial, c.partial = true, true
			}
		}
		t.findChangedSubjects(v)
		// A change of grants has a revision of its own for all objects that it reveals or hides.
		// Then the view advances by one more revision. A client that has seen that one has seen
		// all of the objects. If possible, it equals the revision of the cause, so that it does
		// not reveal in how many parts the change came.
		changedSubjects := len(t.changedSubjects) > 0
		if changedSubjects {
			t.grantsRevision = tx.advance(v, tx.beforeCause())
		}
		if n := len(t.changes); changedSubjects || tx.set.live && n > 0 && t.changes[n-1].partial {
			tx.advance(v, tx.cause)
		}
	}
}

// reindex moves a slot in the index from the entry that readers see to its latest entry.
func (v *View) reindex(s *slot) {
	if s.entry != nil && s.latest != nil && sameAttributes(s.entry, s.latest) {
		return
	}
	if s.entry != nil {
		v.index.remove(s.id, &s.entry.Attributes)
	}
	if s.latest != nil {
		v.index.add(s.id, &s.latest.Attributes)
	}
}

// sameAttributes reports whether all criteria treat two entries of one name alike.
func sameAttributes(a, b *Entry) bool {
	return a.Partition == b.Partition && a.Labels.Equal(b.Labels)
}

// compare records which watched postings contained the slot of a change, and how the members of
// postings must change.
func (v *View) compare(c *change, t *touched) {
	s := c.slot
	same := c.previous != nil && c.current != nil && sameAttributes(c.previous, c.current)
	if same && len(v.audiences) == 0 {
		return
	}
	v.visits++
	visit := func(p *posting) {
		if p.visited == v.visits {
			return
		}
		p.visited = v.visits
		was := p.members.contains(s.id)
		if was && len(p.audiences) > 0 && c.previous != nil {
			c.was = append(c.was, p)
		}
		if is := c.current != nil && (same && was || !same && p.criterion.Matches(&c.current.Attributes)); is != was {
			t.memberships = append(t.memberships, membership{p, s.id, is})
		}
	}
	visit(v.all)
	if c.previous != nil {
		v.postings.candidates(&c.previous.Attributes, visit)
	}
	if c.current != nil && !same {
		v.postings.candidates(&c.current.Attributes, visit)
	}
}

// watching returns the watched postings that contain a slot.
func (v *View) watching(s *slot) []*posting {
	if s.entry == nil || len(v.audiences) == 0 {
		return nil
	}
	var found []*posting
	visit := func(p *posting) {
		if len(p.audiences) > 0 && p.members.contains(s.id) {
			found = append(found, p) // duplicates are harmless
		}
	}
	visit(v.all)
	v.postings.candidates(&s.entry.Attributes, visit)
	return found
}

// findChangedSubjects records the subjects whose holdings have changed, among those with grants or
// revocations.
func (t *touched) findChangedSubjects(v *View) {
	for id, h := range t.holdings {
		if held := v.holdings[id.subject].get(id.key) != nil; held == (h.grants > 0) {
			continue
		}
		if t.changedSubjects == nil {
			t.changedSubjects = make(map[Subject]struct{})
		}
		t.changedSubjects[id.subject] = struct{}{}
	}
}

// publish makes the transaction's changes visible to readers.
func (tx *Tx) publish() {
	for v, t := range tx.touched {
		for name, s := range t.names {
			if s == nil {
				delete(v.slots, name)
			} else {
				v.slots[name] = s
			}
		}
		v.byID = v.index.byID
		for _, c := range t.changes {
			c.slot.entry = c.slot.latest
		}
		for _, m := range t.memberships {
			if m.member {
				m.posting.add(m.id)
			} else {
				m.posting.remove(m.id)
			}
		}
		for id, h := range t.holdings {
			v.setHolding(id, h)
		}
		v.revision = v.next
		v.setSourceVersion(t.version)
	}
}

func (v *View) setHolding(id holdingID, h *holding) {
	held := v.holdings[id.subject]
	if h.grants > 0 {
		if held == nil {
			held = &holdings{}
			v.holdings[id.subject] = held
		}
		held.set(h)
		return
	}
	if held == nil {
		return
	}
	if held.delete(id.key); held.len() == 0 {
		delete(v.holdings, id.subject)
	}
}

// dispatch sends the changes to watchers, and drops everything that no viewer can see any more.
func (tx *Tx) dispatch() {
	for v, t := range tx.touched {
		if tx.set.live {
			moves := v.moves(t.changedSubjects)
			for _, c := range t.changes {
				c.is = v.watching(c.slot)
			}
			v.dispatch(t.changes, moves, t.grantsRevision)
		}
		for _, h := range t.holdings {
			v.dropIfUnused(h.posting)
		}
		for _, c := range t.changes {
			if c.current == nil {
				v.index.release(c.slot)
			}
		}
		v.touched = nil
	}
}

// dropIfUnused removes a posting that no subject holds.
func (v *View) dropIfUnused(p *posting) {
	if p != v.all && p.holdings == 0 && v.postings.byKey[p.criterion.key] == p {
		v.postings.delete(p)
	}
}

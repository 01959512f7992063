// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "slices"

// regrant is a change of grants, of one revision. What it is for an object, it is to all who
// gain or lose the sight of it.
type regrant struct {
	revision uint64
	// changed are the slots that the transaction has changed, which is told apart from this.
	changed            map[*slot]struct{}
	appeared, vanished map[*slot]*Change
	// done follows all that are told of.
	done *Change
	// differences are those that have been worked out.
	differences map[exchange]*difference
}

// exchange is what postings a watcher gains, and which it loses.
type exchange struct{ gained, lost audienceKey }

// difference is what an exchange of postings is to those who see the objects in them by no
// other posting. Many watchers share it, however else they differ.
type difference struct {
	gained, lost []*posting
	// slots are those in the postings, in the order of their names.
	slots []*slot
	// others are the other postings that contain one of the slots.
	others map[*posting]struct{}
	// batch are the Changes, which end with done, if there are any.
	batch []*Change
}

func newRegrant(revision uint64, changes []*change) *regrant {
	r := &regrant{
		revision: revision, changed: make(map[*slot]struct{}, len(changes)),
		appeared: make(map[*slot]*Change), vanished: make(map[*slot]*Change),
		done: &Change{Revision: revision + 1}, differences: make(map[exchange]*difference),
	}
	for _, c := range changes {
		r.changed[c.slot] = struct{}{}
	}
	return r
}

// dispatch tells the watchers what the transaction's changes are to them, and then what has
// come into their sight and gone out of it with the grants.
func (m *move) dispatch(changes []*change, r *regrant) {
	d := r.difference(m.to.without(m.from), m.from.without(m.to))
	batch := d.batch
	if m.to.holdsOneOf(d.others) {
		batch = r.batch(d.slots, func(s *slot) (saw, sees bool) { return m.from.sees(s.postings), m.to.sees(s.postings) })
	}
	var before []*Change
	for _, c := range changes {
		if seen := c.to(m.from.sees(c.was), m.to.sees(c.is)); seen != nil {
			before = append(before, seen)
		}
	}
	if len(batch) == 0 && len(before) > 0 {
		batch = []*Change{r.done}
	}
	if len(batch) == 0 {
		return
	}
	if len(before) > 0 {
		batch = slices.Concat(before, batch)
	}
	for _, w := range m.watchers {
		w.push(batch)
	}
}

// without returns the postings that b does not hold.
func (a *audience) without(b *audience) []*posting {
	var rest []*posting
	for p := range a.postings {
		if _, ok := b.postings[p]; !ok {
			rest = append(rest, p)
		}
	}
	return rest
}

func (a *audience) holdsOneOf(postings map[*posting]struct{}) bool {
	few, many := a.postings, postings
	if len(few) > len(many) {
		few, many = many, few
	}
	for p := range few {
		if _, ok := many[p]; ok {
			return true
		}
	}
	return false
}

// difference returns what the exchange is to those who hold nothing else of the objects.
func (r *regrant) difference(gained, lost []*posting) *difference {
	key := exchange{keyOf(gained), keyOf(lost)}
	if d := r.differences[key]; d != nil {
		return d
	}
	d := &difference{gained: gained, lost: lost, others: make(map[*posting]struct{})}
	for _, s := range union(slices.Concat(gained, lost)) {
		if _, ok := r.changed[s]; !ok {
			d.slots = append(d.slots, s)
		}
	}
	d.batch = r.batch(d.slots, d.look)
	r.differences[key] = d
	return d
}

// look tells whether a slot is in what is lost, and in what is gained, and notes what else
// it is in.
func (d *difference) look(s *slot) (saw, sees bool) {
	for _, p := range s.postings {
		switch {
		case slices.Contains(d.lost, p):
			saw = true
		case slices.Contains(d.gained, p):
			sees = true
		default:
			d.others[p] = struct{}{}
		}
	}
	return saw, sees
}

// batch returns what the regrant is for the slots, to somebody who saw and sees them so.
func (r *regrant) batch(slots []*slot, look func(*slot) (saw, sees bool)) []*Change {
	var batch []*Change
	for _, s := range slots {
		saw, sees := look(s)
		if c := r.to(s, saw, sees); c != nil {
			batch = append(batch, c)
		}
	}
	if len(batch) > 0 {
		batch = append(batch, r.done)
	}
	return batch
}

// to returns what the regrant is to those who saw the object before, or see it now; nil if
// it is nothing to them.
func (r *regrant) to(s *slot, saw, sees bool) *Change {
	switch {
	case sees && !saw:
		c := r.appeared[s]
		if c == nil {
			c = &Change{Revision: r.revision, Current: s.entry.at(r.revision), partial: true}
			r.appeared[s] = c
		}
		return c
	case saw && !sees:
		c := r.vanished[s]
		if c == nil {
			c = &Change{Revision: r.revision, Previous: s.entry, partial: true}
			r.vanished[s] = c
		}
		return c
	default:
		return nil
	}
}

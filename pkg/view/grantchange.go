// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// grantChange is a change of grants, with one revision. The Change of an object is the same for all
// watchers that gain or lose the object.
type grantChange struct {
	view     *View
	revision uint64
	// changed are the slots that the transaction has changed. They are dispatched separately.
	changed            *roaring.Bitmap
	appeared, vanished map[*slot]*Change
	// done follows all other changes.
	done *Change
	// exchanges are those that have been computed so far.
	exchanges map[[2]Scope]*exchange
}

// exchange is the effect of gaining some postings and losing others, for watchers that see the
// objects through no other posting. Many watchers share it, even if they differ otherwise.
type exchange struct {
	// concerned are the slots that are either only in gained postings or only in lost ones.
	concerned *roaring.Bitmap
	// slots are the same in the order of their names. changes says of each whether it appears or
	// vanishes, and ends with done, unless it is empty.
	slots   []*slot
	changes []*Change
}

func newGrantChange(v *View, revision uint64, changes []*change) *grantChange {
	r := &grantChange{
		view: v, revision: revision, changed: roaring.New(),
		appeared: make(map[*slot]*Change), vanished: make(map[*slot]*Change),
		done: &Change{Revision: revision + 1}, exchanges: make(map[[2]Scope]*exchange),
	}
	for _, c := range changes {
		r.changed.Add(c.slot.id)
	}
	return r
}

// dispatch sends the watchers the transaction's changes, and then the objects that they gain and
// lose through the grants. A watch can resume only after all of that.
func (m *move) dispatch(changes []*change, r *grantChange) {
	told := batch{scope: m.to.scope}
	for _, c := range changes {
		if seen := c.to(m.from.hasOneOf(c.was), m.to.hasOneOf(c.is)); seen != nil {
			told.changes = append(told.changes, seen)
		}
	}
	told.partial = len(told.changes)
	exchanged := m.exchanged(r)
	switch {
	case told.partial == 0:
		told.changes = exchanged
	case len(exchanged) == 0:
		told.changes = append(told.changes, r.done)
	default:
		told.changes = append(told.changes, exchanged...)
	}
	if len(told.changes) == 0 {
		return
	}
	for _, w := range m.watchers {
		w.push(told)
	}
}

// exchanged returns the changes for the objects that the watchers gain and lose.
func (m *move) exchanged(r *grantChange) []*Change {
	e := r.exchange(m.to.without(m.from), m.from.without(m.to))
	if e.concerned.IsEmpty() {
		return nil
	}
	var kept []*posting // through which they saw, and still see, some of the objects
	for p := range m.to.postings {
		if _, ok := m.from.postings[p]; ok && p.members.intersects(e.concerned) {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		return e.changes
	}
	var changes []*Change
	for i, s := range e.slots {
		if !slices.ContainsFunc(kept, func(p *posting) bool { return p.members.contains(s.id) }) {
			changes = append(changes, e.changes[i])
		}
	}
	if len(changes) > 0 {
		changes = append(changes, r.done)
	}
	return changes
}

// without returns the postings of a that b does not have.
func (a *audience) without(b *audience) []*posting {
	var rest []*posting
	for p := range a.postings {
		if _, ok := b.postings[p]; !ok {
			rest = append(rest, p)
		}
	}
	return rest
}

func (r *grantChange) exchange(gained, lost []*posting) *exchange {
	var key [2]Scope
	key[0], gained = scopeOf(gained)
	key[1], lost = scopeOf(lost)
	if e := r.exchanges[key]; e != nil {
		return e
	}
	now, before := roaring.New(), roaring.New()
	for _, p := range gained {
		p.members.addTo(now)
	}
	for _, p := range lost {
		p.members.addTo(before)
	}
	e := &exchange{concerned: roaring.Xor(now, before)}
	e.concerned.AndNot(r.changed)
	e.concerned.Iterate(func(id uint32) bool { e.slots = append(e.slots, r.view.byID[id]); return true })
	sortByName(e.slots)
	for _, s := range e.slots {
		if now.Contains(s.id) {
			e.changes = append(e.changes, r.appearance(s))
		} else {
			e.changes = append(e.changes, r.disappearance(s))
		}
	}
	if len(e.changes) > 0 {
		e.changes = append(e.changes, r.done)
	}
	r.exchanges[key] = e
	return e
}

func (r *grantChange) appearance(s *slot) *Change {
	c := r.appeared[s]
	if c == nil {
		c = &Change{Revision: r.revision, Current: s.entry.at(r.revision), partial: true}
		r.appeared[s] = c
	}
	return c
}

func (r *grantChange) disappearance(s *slot) *Change {
	c := r.vanished[s]
	if c == nil {
		c = &Change{Revision: r.revision, Previous: s.entry, partial: true}
		r.vanished[s] = c
	}
	return c
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// move is watchers whose audience changes by a change of grants.
type move struct {
	from, to *audience
	watchers []*Watcher
}

// dispatch tells the watchers of a view what a transaction has done. Every change reaches
// the watchers that saw the object before, or see it now, and no others.
//
// It runs after readers have been let in again, but before the next transaction.
func (v *View) dispatch(changes []*change, moves []*move, regranted uint64) {
	for _, c := range changes {
		v.history.add(c, v.set.historySize)
		v.dispatchChange(c)
	}
	if len(moves) > 0 {
		r := newRegrant(regranted)
		for _, m := range moves {
			m.dispatch(changes, r)
		}
		v.settle(moves)
	}
	for _, c := range changes {
		c.forget() // the history outlives it
	}
}

func (v *View) dispatchChange(c *change) {
	// An audience may see the object by several postings: it is told once.
	var told map[*audience]struct{}
	for _, postings := range [][]*posting{c.was, c.is} {
		for _, p := range postings {
			for a := range p.audiences {
				if _, ok := told[a]; ok {
					continue
				}
				if told == nil {
					told = make(map[*audience]struct{})
				}
				told[a] = struct{}{}
				batch := []*Change{c.to(a.sees(c.was), a.sees(c.is))}
				for w := range a.watchers {
					w.push(batch)
				}
			}
		}
	}
}

// moves finds the audiences between which the watchers of subjects move whose holdings have
// changed, and takes the watchers out of the audiences that they leave.
func (v *View) moves(regranted map[Subject]struct{}) []*move {
	type route struct{ from, to *audience }
	routes := make(map[route]*move)
	var found []*move
	for s := range regranted {
		for w := range v.listeners[s] {
			if w.moving {
				continue // another of its subjects has come first
			}
			to := v.audienceOf(w.viewer)
			if to == w.audience {
				continue
			}
			r := route{w.audience, to}
			m := routes[r]
			if m == nil {
				m = &move{from: w.audience, to: to}
				routes[r] = m
				found = append(found, m)
			}
			w.moving = true
			m.watchers = append(m.watchers, w)
			delete(w.audience.watchers, w)
		}
	}
	return found
}

// settle completes moves. An audience that some leave may be one that others enter, so
// none is dropped before all have arrived.
func (v *View) settle(moves []*move) {
	for _, m := range moves {
		for _, w := range m.watchers {
			w.moving = false
			w.audience = m.to
			m.to.watchers[w] = struct{}{}
		}
	}
	for _, m := range moves {
		v.dropAudience(m.from)
	}
}

// regrant is a change of grants, of one revision. What it is for an object, it is to all who
// gain or lose the sight of it.
type regrant struct {
	revision           uint64
	appeared, vanished map[*slot]*Change
	// done follows all that are told of.
	done *Change
}

func newRegrant(revision uint64) *regrant {
	return &regrant{
		revision: revision, appeared: make(map[*slot]*Change), vanished: make(map[*slot]*Change),
		done: &Change{Revision: revision + 1},
	}
}

// to returns what the change is to those who saw the object before, or see it now.
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

// dispatch tells the watchers what the transaction's changes are to them, and then what has
// come into their sight and gone out of it with the grants.
func (m *move) dispatch(changes []*change, regranted *regrant) {
	var batch []*Change
	changed := make(map[*slot]struct{}, len(changes))
	for _, c := range changes {
		changed[c.slot] = struct{}{}
		if seen := c.to(m.from.sees(c.was), m.to.sees(c.is)); seen != nil {
			batch = append(batch, seen)
		}
	}
	for _, s := range m.differences(changed) {
		if seen := regranted.to(s, m.from.sees(s.postings), m.to.sees(s.postings)); seen != nil {
			batch = append(batch, seen)
		}
	}
	if len(batch) == 0 {
		return
	}
	batch = append(batch, regranted.done)
	for _, w := range m.watchers {
		w.push(batch)
	}
}

// differences returns the slots that only one of the two audiences may see, in the order of
// their names, but for those that the transaction has changed.
func (m *move) differences(changed map[*slot]struct{}) []*slot {
	var postings []*posting
	for _, side := range [][2]*audience{{m.from, m.to}, {m.to, m.from}} {
		for p := range side[0].postings {
			if _, ok := side[1].postings[p]; !ok {
				postings = append(postings, p)
			}
		}
	}
	slots := union(postings)
	if len(changed) == 0 {
		return slots
	}
	unchanged := make([]*slot, 0, len(slots))
	for _, s := range slots {
		if _, ok := changed[s]; !ok {
			unchanged = append(unchanged, s)
		}
	}
	return unchanged
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// dispatch sends the changes of a transaction to the watchers of a view. Every change reaches the
// watchers that saw the object before, or see it now, and no others.
//
// It runs after readers have been admitted again, but before the next transaction.
func (v *View) dispatch(changes []*change, moves []*move, changedSubjects uint64) {
	for _, c := range changes {
		v.history.add(c, v.set.historySize, historyBytes)
		v.dispatchChange(c)
	}
	if len(moves) > 0 {
		r := newGrantChange(v, changedSubjects, changes)
		for _, m := range moves {
			m.dispatch(changes, r)
		}
		v.arrive(moves)
	}
	if len(changes) > 0 && v.history.turned(historyBytes/4) {
		v.closeBehind(min(v.history.floor, changes[0].revision-1)) // not for what was just dispatched
	}
	for _, c := range changes {
		c.forget() // the history keeps the change longer
	}
}

// closeBehind closes the watchers that still have to deliver changes which the history has dropped.
// Otherwise each of them could keep its own past of large objects in memory.
func (v *View) closeBehind(revision uint64) {
	for _, a := range v.audiences {
		for w := range a.watchers {
			if w.queue.dropBefore(revision) {
				w.signal()
			}
		}
	}
}

// dispatchChange sends a change to each audience once, even if several of its postings contain the
// object.
func (v *View) dispatchChange(c *change) {
	var concerned []*audience
	visit := func(a *audience) {
		if !a.saw && !a.sees {
			concerned = append(concerned, a)
		}
	}
	for _, p := range c.was {
		for a := range p.audiences {
			visit(a)
			a.saw = true
		}
	}
	for _, p := range c.is {
		for a := range p.audiences {
			visit(a)
			a.sees = true
		}
	}
	for _, a := range concerned {
		told := batch{changes: []*Change{c.to(a.saw, a.sees)}, scope: a.scope}
		a.saw, a.sees = false, false
		for w := range a.watchers {
			w.push(told)
		}
	}
}

// move is a group of watchers that a change of grants moves to another audience.
type move struct {
	from, to *audience
	watchers []*Watcher
}

// moves returns the moves of the watchers of subjects whose holdings have changed. It removes the
// watchers from the audiences that they leave.
func (v *View) moves(changedSubjects map[Subject]struct{}) []*move {
	type route struct{ from, to *audience }
	routes := make(map[route]*move)
	var found []*move
	for s := range changedSubjects {
		for w := range v.listeners[s] {
			if w.moving {
				continue // already moved because of another of its subjects
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

// arrive completes moves. Some watchers may enter an audience that others leave, so no audience is
// dropped before all have arrived.
func (v *View) arrive(moves []*move) {
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Tx is a transaction on the views of a Set. Its methods change them at once; readers see
// the changes when the transaction ends, and watchers are told of them then.
type Tx struct {
	set   *Set
	cause uint64
	// several tells that the cause is one of many objects: see Several.
	several bool
	touched map[*View]*touched
}

// touched is what a transaction has done to one view.
type touched struct {
	// changes are the slots that have changed, in the order of their revisions.
	changes []*change
	bySlot  map[*slot]*change
	// effectsAt is the revision of what the transaction has moved or deleted so far.
	effectsAt uint64
	// regranted are the subjects whose holdings have changed.
	regranted map[Subject]struct{}
	// regrantedAt is the revision of that.
	regrantedAt uint64
}

func (tx *Tx) touch(v *View) *touched {
	t := tx.touched[v]
	if t == nil {
		t = &touched{bySlot: make(map[*slot]*change), regranted: make(map[Subject]struct{})}
		tx.touched[v] = t
	}
	return t
}

// Several says that the transaction's cause is about many objects, as a list is. How many of
// them it concerns in fact is then not to be told from what is said of one of them.
func (tx *Tx) Several() { tx.several = true }

// Put publishes an object. Nothing happens if the view has it already, with the same
// version and the same partition.
func (tx *Tx) Put(v *View, o Object) {
	v.observe(o.Version)
	s := v.slots[o.Name]
	switch {
	case s == nil:
		s = &slot{name: o.Name}
		v.slots[o.Name] = s
	case s.entry.Version == o.Version && s.entry.Partition == o.Partition:
		return
	}
	tx.publish(v, s, o, tx.advance(v, o.Version), false)
}

// SetPartition moves an object to a partition, as an effect of something else than the
// object itself. Nothing happens if it is there already, or if there is no such object.
func (tx *Tx) SetPartition(v *View, name, partition string) {
	s := v.slots[name]
	if s == nil || s.entry.Partition == partition {
		return
	}
	moved := s.entry.Object
	moved.Partition = partition
	revision := s.entry.Revision
	if tx.set.live {
		revision = tx.effect(v, true)
	}
	tx.publish(v, s, moved, revision, true)
}

func (tx *Tx) publish(v *View, s *slot, o Object, revision uint64, partial bool) {
	previous, was := s.entry, s.keep()
	s.entry = &Entry{Object: o, Revision: revision}
	if previous == nil {
		v.all.add(s)
	}
	v.classify(s, previous)
	tx.record(v, &change{revision: revision, partial: partial, slot: s, previous: previous, current: s.entry, was: was})
}

// Delete removes an object: the transaction's cause is its deletion, or a list without it.
// Nothing happens if there is none of that name.
func (tx *Tx) Delete(v *View, name string) {
	v.observe(tx.cause)
	s := v.slots[name]
	if s == nil {
		return
	}
	c := &change{revision: tx.effect(v, tx.several), partial: tx.several, slot: s, previous: s.entry, was: s.keep()}
	delete(v.slots, name)
	for _, p := range c.was {
		p.remove(s)
		v.retire(p)
	}
	tx.record(v, c)
}

// record notes a change. Several changes of one slot in a transaction are one.
func (tx *Tx) record(v *View, c *change) {
	if !tx.set.live {
		return
	}
	t := tx.touch(v)
	if earlier := t.bySlot[c.slot]; earlier != nil {
		c.previous, c.was = earlier.previous, earlier.was
		for i := range t.changes {
			if t.changes[i] == earlier {
				t.changes = append(t.changes[:i], t.changes[i+1:]...)
				break
			}
		}
	}
	t.bySlot[c.slot] = c
	t.changes = append(t.changes, c)
}

// Observe raises the view's revision to that of a bookmark or a list of its source.
func (tx *Tx) Observe(v *View, version uint64) {
	v.observe(version)
	v.revision = max(v.revision, version)
}

// GoLive says that every source has delivered its first list, and that readers are
// admitted from now on. Before, nobody has seen an entry, so whatever the order in which
// the sources were read, each entry keeps the version of its object as its revision.
func (tx *Tx) GoLive() {
	tx.set.live = true
	for _, v := range tx.set.views {
		v.history.floor = v.revision
	}
}

// Grant gives a subject a grant. Equal grants add up; each needs its own Revoke.
func (tx *Tx) Grant(v *View, subject Subject, g Grant) {
	held := v.accounts[subject]
	if held == nil {
		held = make(account)
		v.accounts[subject] = held
	}
	key := holdingKey{g.Criterion.key, g.Operations}
	h := held[key]
	if h == nil {
		h = &holding{posting: v.posting(g.Criterion), operations: g.Operations}
		if h.posting.holdings == 0 {
			v.heldCriteria++
		}
		h.posting.holdings++
		held[key] = h
		tx.touch(v).regranted[subject] = struct{}{}
	}
	h.grants++
}

// Revoke takes one grant back that was given by Grant. Nothing happens if the subject does
// not hold it.
func (tx *Tx) Revoke(v *View, subject Subject, g Grant) {
	held := v.accounts[subject]
	key := holdingKey{g.Criterion.key, g.Operations}
	h := held[key]
	if h == nil {
		return
	}
	if h.grants--; h.grants > 0 {
		return
	}
	delete(held, key)
	if len(held) == 0 {
		delete(v.accounts, subject)
	}
	tx.touch(v).regranted[subject] = struct{}{}
	if h.posting.holdings--; h.posting.holdings == 0 {
		v.heldCriteria--
		v.retire(h.posting)
	}
}

// commit ends what readers can see of the transaction. A change of grants has a revision
// of its own for all objects that it reveals or hides; the view is then one revision
// further, so that a client that has seen that one has seen all of them. If it can, that
// one is the cause's: nobody can tell from it in how many parts the change came.
func (tx *Tx) commit() {
	for v, t := range tx.touched {
		for i, c := range t.changes {
			c.is = c.slot.keep()
			if i > 0 && t.changes[i-1].revision == c.revision {
				t.changes[i-1].partial, c.partial = true, true
			}
		}
		regranted := len(t.regranted) > 0
		if regranted {
			t.regrantedAt = tx.advance(v, tx.beforeCause())
		}
		if n := len(t.changes); regranted || n > 0 && t.changes[n-1].partial {
			tx.advance(v, tx.cause)
		}
	}
}

// dispatch tells watchers.
func (tx *Tx) dispatch() {
	for v, t := range tx.touched {
		if tx.set.live {
			moves := v.moves(t.regranted)
			v.dispatch(t.changes, moves, t.regrantedAt)
			v.regrants.add(t.regranted, t.regrantedAt, tx.set.regrantedSize)
		}
	}
	tx.set.mu.Lock()
	defer tx.set.mu.Unlock()
	for _, v := range tx.set.views {
		for _, p := range v.retired {
			v.dropIfUnused(p)
		}
		v.retired = nil
	}
}

// effect returns the revision of something that the transaction's cause does to an object; it
// is one for all of them, if nothing has come in between. Where there may be several, each is
// told as a part, and the view goes on by one when all are done, as with a change of grants:
// neither the revisions of other objects, nor where a watch can resume, must show how many
// there are that somebody does not see.
func (tx *Tx) effect(v *View, several bool) uint64 {
	if !tx.set.live {
		return tx.advance(v, tx.cause)
	}
	t := tx.touch(v)
	if t.effectsAt > 0 && t.effectsAt == v.revision {
		return t.effectsAt
	}
	cause := tx.cause
	if several {
		cause = tx.beforeCause()
	}
	t.effectsAt = tx.advance(v, cause)
	return t.effectsAt
}

// beforeCause is for what is told in parts: the view is at the cause when all are done.
func (tx *Tx) beforeCause() uint64 { return max(tx.cause, 1) - 1 }

// advance raises the revision for a change with that cause, and returns the change's
// revision.
func (tx *Tx) advance(v *View, cause uint64) uint64 {
	if !tx.set.live {
		v.revision = max(v.revision, cause)
		return cause
	}
	v.revision = max(v.revision+1, cause)
	return v.revision
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Tx is a transaction on the views of a Set. Its methods note what is to change. When all has
// been noted, it is worked out what that means, while readers go on; then it is published, so
// that readers see all of it; and then watchers are told.
type Tx struct {
	set   *Set
	cause uint64
	// several tells that the cause is one of many objects: see Several.
	several bool
	touched map[*View]*touched
}

// touched is what a transaction has done to one view.
type touched struct {
	// names are the slots of objects that are new or deleted; nil for deleted.
	names map[string]*slot
	// changes are those of slots, in the order of their revisions, without those that others of
	// the same slot have replaced, which are nil.
	changes []*change
	bySlot  map[*slot]int
	// holdings are those that were given or taken.
	holdings map[holdingID]*holding
	// memberships are what is worked out to change of the postings.
	memberships []membership
	// created are the postings that have to be filled.
	created []*posting
	// version is the source's resourceVersion that the view reaches.
	version uint64
	// effectsAt is the revision of what the transaction has moved or deleted so far.
	effectsAt uint64
	// changedSubjects are the subjects whose holdings have changed, and grantsRevision the revision of
	// that.
	changedSubjects map[Subject]struct{}
	grantsRevision  uint64
}

type holdingID struct {
	subject Subject
	key     holdingKey
}

func (tx *Tx) touch(v *View) *touched {
	t := tx.touched[v]
	if t == nil {
		t = &touched{}
		tx.touched[v] = t
		v.touched = t
	}
	return t
}

// Several says that the transaction's cause is about many objects, as a list is. How many of
// them it concerns in fact is then not to be told from what is said of one of them.
func (tx *Tx) Several() { tx.several = true }

// Put publishes an object. Nothing happens if the view has it already, with the same
// version and the same partition.
func (tx *Tx) Put(v *View, o Object) {
	tx.reach(v, o.Version)
	s := v.find(o.Name)
	switch {
	case s == nil:
		s = v.index.newSlot()
		tx.rename(v, o.Name, s)
	case s.latest.Version == o.Version && s.latest.Partition == o.Partition:
		return
	}
	tx.replace(v, s, &Entry{Object: o, Revision: tx.advance(v, o.Version)}, false)
}

// SetPartition moves an object to a partition, as an effect of something else than the
// object itself. Nothing happens if it is there already, or if there is no such object.
func (tx *Tx) SetPartition(v *View, name, partition string) {
	s := v.find(name)
	if s == nil || s.latest.Partition == partition {
		return
	}
	moved := &Entry{Object: s.latest.Object, Revision: s.latest.Revision}
	moved.Partition = partition
	if tx.set.live {
		moved.Revision = tx.effect(v, true)
	}
	tx.replace(v, s, moved, true)
}

// Delete removes an object: the transaction's cause is its deletion, or a list without it.
// Nothing happens if there is none of that name.
func (tx *Tx) Delete(v *View, name string) {
	tx.reach(v, tx.cause)
	s := v.find(name)
	if s == nil {
		return
	}
	revision := tx.effect(v, tx.several)
	tx.rename(v, name, nil)
	s.latest = nil
	tx.record(v, &change{revision: revision, partial: tx.several, slot: s})
}

func (tx *Tx) replace(v *View, s *slot, e *Entry, partial bool) {
	s.latest = e
	tx.record(v, &change{revision: e.Revision, partial: partial, slot: s})
}

func (tx *Tx) rename(v *View, name string, s *slot) {
	t := tx.touch(v)
	if t.names == nil {
		t.names = make(map[string]*slot)
	}
	t.names[name] = s
}

// record notes a change. Several changes of one slot in a transaction are one.
func (tx *Tx) record(v *View, c *change) {
	t := tx.touch(v)
	if t.bySlot == nil {
		t.bySlot = make(map[*slot]int)
	}
	if earlier, ok := t.bySlot[c.slot]; ok {
		t.changes[earlier] = nil
	}
	t.bySlot[c.slot] = len(t.changes)
	t.changes = append(t.changes, c)
}

// Observe raises the view's revision to that of a bookmark or a list of its source.
func (tx *Tx) Observe(v *View, version uint64) {
	tx.reach(v, version)
	v.next = max(v.next, version)
}

// reach notes that the source has reached a version.
func (tx *Tx) reach(v *View, version uint64) {
	t := tx.touch(v)
	t.version = max(t.version, version)
}

// GoLive says that every source has delivered its first list, and that readers are
// admitted from now on. Before, nobody has seen an entry, so whatever the order in which
// the sources were read, each entry keeps the version of its object as its revision.
func (tx *Tx) GoLive() {
	tx.set.live = true
	for _, v := range tx.set.views {
		v.history.floor = v.next
	}
}

// Grant gives a subject a grant. Equal grants add up; each needs its own Revoke.
func (tx *Tx) Grant(v *View, subject Subject, g Grant) {
	key := holdingKey{g.Criterion.key, g.Operations}
	h := v.holding(subject, key)
	if h == nil {
		h = &holding{posting: tx.posting(v, g.Criterion), operations: g.Operations}
	}
	if h.grants == 0 {
		h.posting.holdings++
		tx.change(v, subject, key, h)
	}
	h.grants++
}

// Revoke takes one grant back that was given by Grant. Nothing happens if the subject does
// not hold it.
func (tx *Tx) Revoke(v *View, subject Subject, g Grant) {
	key := holdingKey{g.Criterion.key, g.Operations}
	h := v.holding(subject, key)
	if h == nil || h.grants == 0 {
		return
	}
	if h.grants--; h.grants == 0 {
		h.posting.holdings--
		tx.change(v, subject, key, h)
	}
}

func (tx *Tx) change(v *View, subject Subject, key holdingKey, h *holding) {
	t := tx.touch(v)
	if t.holdings == nil {
		t.holdings = make(map[holdingID]*holding)
	}
	t.holdings[holdingID{subject, key}] = h
}

// posting returns the posting of a criterion, made if it does not exist.
func (tx *Tx) posting(v *View, c Criterion) *posting {
	if c.key == v.all.criterion.key {
		return v.all
	}
	if p := v.postings.byKey[c.key]; p != nil {
		return p
	}
	p := newPosting(c)
	v.postings.insert(p)
	t := tx.touch(v)
	t.created = append(t.created, p)
	return p
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
	if t.effectsAt > 0 && t.effectsAt == v.next {
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
	tx.touch(v)
	if !tx.set.live {
		v.next = max(v.next, cause)
		return cause
	}
	v.next = max(v.next+1, cause)
	return v.next
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Tx is a transaction on the views of a Set. Its methods record the changes. Then the Set computes
// their effects while readers continue, publishes them all at once, and dispatches them to watchers.
type Tx struct {
	set   *Set
	cause uint64
	// bulk is true if the cause affects many objects: see SetBulk.
	bulk    bool
	touched map[*View]*touched
}

// touched is what a transaction has done to one view.
type touched struct {
	// names are the slots of new and deleted objects. They are nil for deleted ones.
	names map[string]*slot
	// changes are the changes of slots, in the order of their revisions. A change is nil if a later
	// change of the same slot has replaced it.
	changes []*change
	bySlot  map[*slot]int
	// holdings are those that were granted or revoked.
	holdings map[holdingID]*holding
	// memberships are the computed edits of postings.
	memberships []membership
	// created are the new postings, which have to be filled.
	created []*posting
	// version is the source's resourceVersion that the view reaches.
	version uint64
	// effectsAt is the revision of the objects that the transaction has moved or deleted so far.
	effectsAt uint64
	// changedSubjects are the subjects whose holdings have changed. grantsRevision is the revision
	// of that change.
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

// SetBulk declares that the transaction's cause affects many objects, like a list. Then the event of
// one object does not reveal how many objects are really affected.
func (tx *Tx) SetBulk() { tx.bulk = true }

// Put publishes an object. It does nothing if the view already has the object with the same version
// and partition.
func (tx *Tx) Put(v *View, o Object) {
	tx.noteSourceVersion(v, o.Version)
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

// SetPartition moves an object to a partition, as an effect of something other than the object
// itself. It does nothing if the object is already there or does not exist.
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

// Delete removes an object. The transaction's cause is its deletion, or a list without it. Delete
// does nothing if no object has that name.
func (tx *Tx) Delete(v *View, name string) {
	tx.noteSourceVersion(v, tx.cause)
	s := v.find(name)
	if s == nil {
		return
	}
	revision := tx.effect(v, tx.bulk)
	tx.rename(v, name, nil)
	s.latest = nil
	tx.record(v, &change{revision: revision, partial: tx.bulk, slot: s})
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

// record adds a change. Several changes of one slot in a transaction become one.
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
	tx.noteSourceVersion(v, version)
	v.next = max(v.next, version)
}

// noteSourceVersion records that the source has reached a version.
func (tx *Tx) noteSourceVersion(v *View, version uint64) {
	t := tx.touch(v)
	t.version = max(t.version, version)
}

// GoLive declares that every source has delivered its first list, and admits readers from now on.
// Before that, no reader has seen an entry. So each entry keeps the version of its object as its
// revision, whatever the order in which the sources were read.
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

// Revoke takes back one grant that Grant has given. It does nothing if the subject does not hold
// the grant.
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

// posting returns the posting of a criterion. It creates the posting if it does not exist.
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

// effect returns the revision of an effect that the transaction's cause has on an object. All
// effects share one revision, if nothing comes in between. If there may be several, each event is
// partial, and the view advances by one after all of them, as with a change of grants. Otherwise the
// revisions of other objects, or the positions where a watch can resume, would reveal the number of
// objects that a user does not see.
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

// beforeCause returns the revision of partial changes. The view reaches the cause after all of them.
func (tx *Tx) beforeCause() uint64 { return max(tx.cause, 1) - 1 }

// advance raises the revision for a change with that cause, and returns the revision of the change.
func (tx *Tx) advance(v *View, cause uint64) uint64 {
	tx.touch(v)
	if !tx.set.live {
		v.next = max(v.next, cause)
		return cause
	}
	v.next = max(v.next+1, cause)
	return v.next
}

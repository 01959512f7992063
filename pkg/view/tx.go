// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Tx is a transaction on the views of a Set. Its methods change them at once; readers see
// the changes when the transaction ends.
type Tx struct {
	set   *Set
	cause uint64
	// regranted are the views in which somebody's holdings have changed.
	regranted map[*View]struct{}
	// retired are postings that have lost their last holding, to be dropped at the end,
	// unless another grant of the same transaction has taken them up again.
	retired []retiredPosting
}

type retiredPosting struct {
	view    *View
	posting *posting
}

// Put publishes an object. Nothing happens if the view has it already, with the same
// version and the same partition.
func (tx *Tx) Put(v *View, o Object) {
	s := v.slots[o.Name]
	switch {
	case s == nil:
		s = &slot{name: o.Name}
		v.slots[o.Name] = s
		v.all.add(s)
	case s.entry.Version == o.Version && s.entry.Partition == o.Partition:
		return
	}
	previous := s.entry
	s.entry = &Entry{Object: o, Revision: tx.advance(v, o.Version)}
	v.classify(s, previous)
}

// SetPartition moves an object to a partition, as an effect of something else than the
// object itself. Nothing happens if it is there already, or if there is no such object.
func (tx *Tx) SetPartition(v *View, name, partition string) {
	s := v.slots[name]
	if s == nil || s.entry.Partition == partition {
		return
	}
	previous := s.entry
	moved := previous.Object
	moved.Partition = partition
	revision := previous.Revision
	if tx.set.live {
		revision = tx.advance(v, tx.cause)
	}
	s.entry = &Entry{Object: moved, Revision: revision}
	v.classify(s, previous)
}

// Delete removes an object. Nothing happens if there is none of that name.
func (tx *Tx) Delete(v *View, name string) {
	s := v.slots[name]
	if s == nil {
		return
	}
	tx.advance(v, tx.cause)
	delete(v.slots, name)
	for len(s.postings) > 0 {
		p := s.postings[len(s.postings)-1]
		p.remove(s)
		v.dropIfUnused(p)
	}
}

// Observe raises the view's revision to that of a bookmark or a list of its source.
func (tx *Tx) Observe(v *View, version uint64) {
	if version > v.revision {
		v.revision = version
		tx.wake(v)
	}
}

// GoLive says that every source has delivered its first list, and that readers are
// admitted from now on. Before, nobody has seen an entry, so whatever the order in which
// the sources were read, each entry keeps the version of its object as its revision.
func (tx *Tx) GoLive() { tx.set.live = true }

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
			v.held++
		}
		h.posting.holdings++
		held[key] = h
		tx.regranted[v] = struct{}{}
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
	tx.regranted[v] = struct{}{}
	if h.posting.holdings--; h.posting.holdings == 0 {
		v.held--
		tx.retired = append(tx.retired, retiredPosting{v, h.posting})
	}
}

func (tx *Tx) commit() {
	for v := range tx.regranted {
		tx.advance(v, tx.cause)
	}
	for _, r := range tx.retired {
		r.view.dropIfUnused(r.posting)
	}
}

// advance raises the revision for a change with that cause, and returns the change's
// revision.
func (tx *Tx) advance(v *View, cause uint64) uint64 {
	if !tx.set.live {
		v.revision = max(v.revision, cause)
		return cause
	}
	v.revision = max(v.revision+1, cause)
	tx.wake(v)
	return v.revision
}

func (tx *Tx) wake(v *View) {
	if v.advanced != nil {
		close(v.advanced)
		v.advanced = nil
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/RoaringBitmap/roaring/v2"

// A term is one exact condition on an object's attributes.
type term struct {
	field      field
	key, value string
}

type field uint8

// The fields, in order of increasing selectivity of their terms.
const (
	labelKeyField field = iota
	labelField
	partitionField
	nameField
)

func (t term) matches(o *Attributes) bool {
	switch t.field {
	case labelKeyField:
		return o.Labels.Has(t.key)
	case labelField:
		v, ok := o.Labels.Lookup(t.key)
		return ok && v == t.value
	case partitionField:
		return o.Partition == t.value
	default:
		return o.Name == t.value
	}
}

func (t term) isOfLabel() bool { return t.field == labelField || t.field == labelKeyField }

// index is an inverted index of the objects of a view: it maps every term to the slots that meet it.
// Set operations on them evaluate a new criterion without examining the objects.
type index struct {
	// find returns the slot of a name, or nil if there is none.
	find func(name string) *slot
	// byID are the slots by their ids. Free ones are nil.
	byID       []*slot
	free       []uint32
	all        ids
	partitions map[string]ids
	labels     map[string]*labelIndex
}

// labelIndex holds the slots that have a label. It leaves out of values the objects whose name is the value: every
// namespace and node has such a label, and a set of its own for each would take more memory than all other labels.
type labelIndex struct {
	any    ids
	values map[string]ids
}

func newIndex(find func(string) *slot) *index {
	return &index{find: find, partitions: make(map[string]ids), labels: make(map[string]*labelIndex)}
}

// newSlot returns a slot with a unique id.
func (x *index) newSlot() *slot {
	s := &slot{}
	if n := len(x.free); n > 0 {
		s.id, x.free = x.free[n-1], x.free[:n-1]
		x.byID[s.id] = s
		return s
	}
	s.id = uint32(len(x.byID)) //nolint:gosec // fewer objects than that fit into memory
	x.byID = append(x.byID, s)
	return s
}

// release frees the id of a slot. Nothing may refer to the id any more.
func (x *index) release(s *slot) {
	x.byID[s.id] = nil
	x.free = append(x.free, s.id)
}

func (x *index) add(id uint32, o *Attributes) {
	x.all.add(id)
	if o.Partition != "" {
		addTo(x.partitions, o.Partition, id)
	}
	for _, label := range o.Labels {
		key, value := label.key, label.value
		l := x.labels[key]
		if l == nil {
			l = &labelIndex{values: make(map[string]ids)}
			x.labels[key] = l
		}
		l.any.add(id)
		if value != o.Name {
			addTo(l.values, value, id)
		}
	}
}

func (x *index) remove(id uint32, o *Attributes) {
	x.all.remove(id)
	removeFrom(x.partitions, o.Partition, id)
	for _, label := range o.Labels {
		key, value := label.key, label.value
		l := x.labels[key]
		l.any.remove(id)
		removeFrom(l.values, value, id)
		if l.any.len() == 0 {
			delete(x.labels, key)
		}
	}
}

func addTo(sets map[string]ids, key string, id uint32) {
	s := sets[key]
	s.add(id)
	sets[key] = s
}

func removeFrom(sets map[string]ids, key string, id uint32) {
	s, ok := sets[key]
	if !ok {
		return
	}
	if s.remove(id); s.len() == 0 {
		delete(sets, key)
		return
	}
	sets[key] = s
}

// of returns the slots that meet a term. The caller must not change them.
func (x *index) of(t term) ids {
	switch t.field {
	case nameField:
		if s := x.find(t.value); s != nil {
			return ids{few: []uint32{s.id}}
		}
		return ids{}
	case partitionField:
		return x.partitions[t.value]
	}
	l := x.labels[t.key]
	switch {
	case l == nil:
		return ids{}
	case t.field == labelKeyField:
		return l.any
	default:
		return x.having(l, t.key, t.value)
	}
}

// having returns the slots that have the value in the label of that key and index.
func (x *index) having(l *labelIndex, key, value string) ids {
	met := l.values[value]
	s := x.find(value)
	if s == nil {
		return met
	}
	if actual, ok := s.latest.Labels.Lookup(key); !ok || actual != value {
		return met
	}
	return met.with(s.id)
}

// everything returns b, or the bitmap of all slots if b is nil.
func (x *index) everything(b *roaring.Bitmap) *roaring.Bitmap {
	if b == nil {
		return x.all.within(nil)
	}
	return b
}

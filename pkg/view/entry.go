// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"math"
	"sync/atomic"
)

// Attributes are the properties of an object that criteria may use.
type Attributes struct {
	// Name is unique in a view.
	Name string
	// Partition is the one partition that the object belongs to, or "" for none.
	Partition string
	// Labels must not be changed after they have been passed to a view.
	Labels Labels
}

// Object is an object in the form that its source delivered.
type Object struct {
	Attributes
	// Version is the source's resourceVersion of the object. Two deliveries of one name
	// with the same Version are the same object.
	Version uint64
	// Value is what readers get. It must not be changed after it has been passed to a view.
	Value any
	// Size is the approximate size of the object in bytes.
	Size int
}

// Entry is a published object. It is immutable: a change of the object, or of its partition,
// publishes a new entry. Readers share it and must not change it either.
type Entry struct {
	Object
	// Revision is the view's revision of the change that published the entry.
	Revision uint64

	memo atomic.Pointer[any]
}

// Memo returns what readers have derived from the entry and noted for others, or nil.
func (e *Entry) Memo() any {
	if memo := e.memo.Load(); memo != nil {
		return *memo
	}
	return nil
}

// SetMemo notes what Memo returns from then on; nil removes it. The entry does not count its memory.
func (e *Entry) SetMemo(memo any) {
	if memo == nil {
		e.memo.Store(nil)
		return
	}
	e.memo.Store(&memo)
}

// at returns the entry as the event of a later revision shows it.
func (e *Entry) at(revision uint64) *Entry { return &Entry{Object: e.Object, Revision: revision} }

// slot is the place of one name, where the entries of its object succeed each other. Sets of
// objects are sets of the ids of slots.
type slot struct {
	id uint32
	// entry is what readers see. It is nil until the first entry is published. The set's mu guards
	// it.
	entry *Entry
	// latest is the entry as changed by the running transaction. It is nil if the slot is deleted.
	// Only the writer uses it.
	latest *Entry
}

// noID is the id of no slot.
const noID = math.MaxUint32

// idOf returns the id of a slot, or noID for nil.
func idOf(s *slot) uint32 {
	if s == nil {
		return noID
	}
	return s.id
}

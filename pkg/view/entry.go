// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "math"

// Attributes are the facts of an object that criteria may ask about.
type Attributes struct {
	// Name is unique in a view.
	Name string
	// Partition is the one partition that the object belongs to, or "" for none.
	Partition string
	// Labels must not be changed once they are given to a view.
	Labels map[string]string
}

// Object is an object as its source delivered it.
type Object struct {
	Attributes
	// Version is the source's resourceVersion of the object. Two deliveries of one name
	// with the same Version are the same object.
	Version uint64
	// Value is what readers get. It must not be changed once it is given to a view.
	Value any
	// Size is how many bytes the object takes, about.
	Size int
}

// Entry is a published object. It is never changed: a change of the object, or of its
// partition, publishes another entry. Readers share it and must not change it either.
type Entry struct {
	Object
	// Revision is the view's revision of the change that published the entry.
	Revision uint64
}

// at returns the entry as the event of a later revision shows it.
func (e *Entry) at(revision uint64) *Entry { return &Entry{Object: e.Object, Revision: revision} }

// slot is where the entries of one name succeed each other. Sets of objects are sets of the
// ids of slots.
type slot struct {
	id uint32
	// entry is what readers see; nil before the first one is published. Guarded by the set's mu.
	entry *Entry
	// latest is what the transaction that runs has made of it, and else the entry; nil for a
	// slot that is deleted. It is the writer's own.
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

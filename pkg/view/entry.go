// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "slices"

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

// slot is where the entries of one name succeed each other. Postings refer to slots, so
// that a change that moves an object in or out of no posting costs one assignment.
type slot struct {
	name  string
	entry *Entry
	// postings are those that contain the slot, in no order.
	postings []*posting
	// shared tells that somebody keeps the slice, so that it must not be changed in place.
	shared bool
}

// keep returns the postings for somebody who keeps them.
func (s *slot) keep() []*posting {
	s.shared = true
	return s.postings
}

// own makes the slice of postings one that can be changed in place.
func (s *slot) own() {
	if s.shared {
		s.postings, s.shared = slices.Clone(s.postings), false
	}
}

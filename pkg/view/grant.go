// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Operations are what a grant allows on the objects that it selects.
type Operations uint8

// The operations. List includes Get wherever grants are made; Update and Delete count
// only together with List, on the same grant.
const (
	OpGet Operations = 1 << iota
	OpList
	OpUpdate
	OpDelete
)

// Has tells whether o includes every operation of p.
func (o Operations) Has(p Operations) bool { return o&p == p }

// Subject is somebody who can hold grants: a user, or a group.
type Subject struct {
	// Group tells a group from a user of the same name.
	Group bool
	Name  string
}

// User is the subject of a user name. Service accounts are users by their full name.
func User(name string) Subject { return Subject{Name: name} }

// Group is the subject of a group name.
func Group(name string) Subject { return Subject{Group: true, Name: name} }

// Grant allows operations on the objects that meet a criterion.
type Grant struct {
	Criterion  Criterion
	Operations Operations
}

// Viewer is who asks.
type Viewer struct {
	// Subjects are the names under which the viewer holds grants.
	Subjects []Subject
	// All says that the viewer may list and get every object, whatever his grants.
	All bool
}

// holding is one criterion with one set of operations, held by one subject.
type holding struct {
	posting    *posting
	operations Operations
	// grants counts the equal grants; the holding ends with the last.
	grants int
}

type holdingKey struct {
	criterion  string
	operations Operations
}

// holdings are what one subject holds.
type holdings map[holdingKey]*holding

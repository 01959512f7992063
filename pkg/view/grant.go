// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"
	"slices"
	"strings"
)

// Operations are the operations that a grant allows on the objects that it selects.
type Operations uint8

// The operations. List includes Get wherever grants are created. Update and Delete count only
// together with List in the same grant.
const (
	OpGet Operations = 1 << iota
	OpList
	OpUpdate
	OpDelete
)

// Has reports whether o includes every operation of p.
func (o Operations) Has(p Operations) bool { return o&p == p }

// operationNames are the names of the operations in Capsule's objects and in reviews.
var operationNames = []struct {
	operation Operations
	name      string
}{{OpList, "List"}, {OpGet, "Get"}, {OpUpdate, "Update"}, {OpDelete, "Delete"}}

// ParseOperation returns the operation of that name.
func ParseOperation(name string) (Operations, bool) {
	for _, n := range operationNames {
		if n.name == name {
			return n.operation, true
		}
	}
	return 0, false
}

// Names returns the names of the operations, without Get if List includes it.
func (o Operations) Names() []string {
	var names []string
	for _, n := range operationNames {
		if o.Has(n.operation) && (n.operation != OpGet || !o.Has(OpList)) {
			names = append(names, n.name)
		}
	}
	return names
}

// String returns Names in one text, such as "List, Update".
func (o Operations) String() string { return strings.Join(o.Names(), ", ") }

// Subject is a user or a group that can hold grants.
type Subject struct {
	// Group distinguishes a group from a user of the same name.
	Group bool
	Name  string
}

// User returns the subject of a user name. A service account is the user with its full name.
func User(name string) Subject { return Subject{Name: name} }

// Group returns the subject of a group name.
func Group(name string) Subject { return Subject{Group: true, Name: name} }

// Grant allows operations on the objects that meet a criterion.
type Grant struct {
	Criterion  Criterion
	Operations Operations
}

// Viewer is the user of a request.
type Viewer struct {
	// Subjects are the subjects under which the viewer holds grants.
	Subjects []Subject
	// All is true if the viewer may list and get every object, whatever their grants.
	All bool
}

// holding is one criterion with one set of operations that one subject holds.
type holding struct {
	posting    *posting
	operations Operations
	// grants counts the equal grants. The holding ends with the last one.
	grants int
}

type holdingKey struct {
	criterion  string
	operations Operations
}

// holdings are the holdings of one subject. Most subjects have so few that a map would take more memory than all
// else about them.
type holdings struct {
	few  []*holding
	many map[holdingKey]*holding
}

// maxFewHoldings is the number of holdings up to which they are a list.
const maxFewHoldings = 8

func (h *holding) key() holdingKey { return holdingKey{h.posting.criterion.key, h.operations} }

func (hs *holdings) get(key holdingKey) *holding {
	if hs == nil {
		return nil
	}
	if i := hs.at(key); i >= 0 {
		return hs.few[i]
	}
	return hs.many[key]
}

// at returns the index of a key in few, or -1.
func (hs *holdings) at(key holdingKey) int {
	return slices.IndexFunc(hs.few, func(h *holding) bool { return h.key() == key })
}

// set adds a holding, or replaces the one of its key.
func (hs *holdings) set(h *holding) {
	key := h.key()
	i := hs.at(key)
	switch {
	case i >= 0:
		hs.few[i] = h
	case hs.many != nil:
		hs.many[key] = h
	case len(hs.few) < maxFewHoldings:
		hs.few = append(hs.few, h)
	default:
		hs.many = make(map[holdingKey]*holding, len(hs.few)+1)
		for _, h := range append(hs.few, h) {
			hs.many[h.key()] = h
		}
		hs.few = nil
	}
}

func (hs *holdings) delete(key holdingKey) {
	delete(hs.many, key)
	if i := hs.at(key); i >= 0 {
		hs.few = slices.Delete(hs.few, i, i+1)
	}
}

func (hs *holdings) len() int { return len(hs.few) + len(hs.many) }

// all returns the holdings, in any order. hs may be nil.
func (hs *holdings) all() iter.Seq[*holding] {
	return func(yield func(*holding) bool) {
		if hs == nil {
			return
		}
		for _, h := range hs.few {
			if !yield(h) {
				return
			}
		}
		for _, h := range hs.many {
			if !yield(h) {
				return
			}
		}
	}
}

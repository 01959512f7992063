// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// A Criterion selects objects by their attributes. It is a value in canonical form: two
// criteria with the same Key select the same objects, and a view evaluates them once,
// however many grants use them.
type Criterion struct {
	key string
	// anchor is a condition that every selected object meets. It bounds the criteria that
	// a change of an object must be compared with.
	anchor anchor
	// match decides among the objects that meet the anchor; nil selects them all.
	match func(*Attributes) bool
}

type anchorKind uint8

// In rising order of how few objects they leave.
const (
	anchorNone anchorKind = iota
	anchorLabel
	anchorPartition
	anchorName
)

// anchor is one exact condition on an object's attributes.
type anchor struct {
	kind       anchorKind
	key, value string
}

func (a anchor) meets(o *Attributes) bool {
	switch a.kind {
	case anchorLabel:
		v, ok := o.Labels[a.key]
		return ok && v == a.value
	case anchorPartition:
		return o.Partition == a.value
	case anchorName:
		return o.Name == a.value
	default:
		return true
	}
}

// All selects every object.
func All() Criterion { return Criterion{key: "all"} }

// Name selects the object of that name.
func Name(name string) Criterion {
	return Criterion{key: "name/" + name, anchor: anchor{kind: anchorName, value: name}}
}

// Partition selects the objects of a partition. The empty partition has no objects that a
// criterion could select: those that belong to none are selected by other criteria only.
func Partition(partition string) Criterion {
	c := Criterion{key: "partition/" + partition, anchor: anchor{kind: anchorPartition, value: partition}}
	if partition == "" {
		c.match = func(*Attributes) bool { return false }
	}
	return c
}

// Label selects the objects that have the label with that value.
func Label(key, value string) Criterion {
	return Criterion{key: "label/" + key + "=" + value, anchor: anchor{kind: anchorLabel, key: key, value: value}}
}

// Where selects the objects for which match is true. The key must be canonical: equal
// keys promise equal matches. match must be a pure function of the attributes.
func Where(key string, match func(*Attributes) bool) Criterion {
	return Criterion{key: bounded("where/" + key), match: match}
}

// Key is the canonical form of the criterion.
func (c Criterion) Key() string { return c.key }

// Matches tells whether the criterion selects an object with these attributes.
func (c Criterion) Matches(o *Attributes) bool {
	return c.anchor.meets(o) && (c.match == nil || c.match(o))
}

// And selects the objects that both criteria select.
func (c Criterion) And(d Criterion) Criterion {
	switch {
	case c.key == d.key || d.key == All().key:
		return c
	case c.key == All().key:
		return d
	}
	if c.anchor.kind < d.anchor.kind || (c.anchor.kind == d.anchor.kind && c.key > d.key) {
		c, d = d, c
	}
	// Lengths in the key keep ("a", "b&c") and ("a&b", "c") apart.
	return Criterion{
		key:    bounded("and/" + lengthPrefixed(c.key) + lengthPrefixed(d.key)),
		anchor: c.anchor,
		match: func(o *Attributes) bool {
			return (c.match == nil || c.match(o)) && d.Matches(o)
		},
	}
}

// maxKey bounds a key's memory: what somebody writes into a selector can be long, and stands
// in the key of every criterion that is made of it.
const maxKey = 128

// bounded returns the key, or its digest if it is long.
func bounded(key string) string {
	if len(key) <= maxKey {
		return key
	}
	digest := sha256.Sum256([]byte(key))
	return "sha256/" + hex.EncodeToString(digest[:])
}

func lengthPrefixed(s string) string { return strconv.Itoa(len(s)) + ":" + s }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Criterion is a boolean query that selects objects by their attributes. It is in canonical form:
// two criteria with the same Key select the same objects. A view evaluates them once, even if many
// grants use them.
type Criterion struct {
	key  string
	expr expression
}

// All selects every object.
func All() Criterion { return Criterion{key: "all", expr: everything{}} }

// None selects no object.
func None() Criterion { return Criterion{key: "none", expr: anyOf{}} }

// Name selects the object of that name.
func Name(name string) Criterion {
	return Criterion{key: bounded("name/" + name), expr: exactly{term{field: nameField, value: name}}}
}

// Names selects the objects of these names.
func Names(names ...string) Criterion {
	distinct := slices.Compact(slices.Sorted(slices.Values(names)))
	switch len(distinct) {
	case 0:
		return None()
	case 1:
		return Name(distinct[0])
	}
	return Criterion{key: bounded("names/" + joined(distinct)), expr: nameIn(setOf(distinct))}
}

// Partition selects the objects of a partition. For the empty partition, it selects none: only other
// criteria select objects that belong to no partition.
func Partition(partition string) Criterion {
	if partition == "" {
		return None()
	}
	return Criterion{key: bounded("partition/" + partition), expr: exactly{term{field: partitionField, value: partition}}}
}

// Label selects the objects that have the label with that value.
func Label(key, value string) Criterion {
	return Criterion{key: bounded("label/" + lengthPrefixed(key) + "=" + value), expr: exactly{term{labelField, key, value}}}
}

// LabelIn selects the objects that have the label with one of the values.
func LabelIn(key string, values ...string) Criterion {
	distinct := slices.Compact(slices.Sorted(slices.Values(values)))
	switch len(distinct) {
	case 0:
		return None()
	case 1:
		return Label(key, distinct[0])
	}
	return Criterion{key: bounded("labelin/" + lengthPrefixed(key) + joined(distinct)), expr: labelIn{key: key, values: setOf(distinct)}}
}

// HasLabel selects the objects that have the label, with any value.
func HasLabel(key string) Criterion {
	return Criterion{key: bounded("haslabel/" + key), expr: exactly{term{field: labelKeyField, key: key}}}
}

// Where selects the objects for which match returns true. The key must be canonical: equal keys
// promise equal matches. It also describes the criterion to people. match must be a pure function of
// the attributes. Unless another criterion narrows it, it is evaluated with every object, so prefer the
// other criteria.
func Where(key string, match func(*Attributes) bool) Criterion {
	return Criterion{key: bounded("where/" + key), expr: where{key, match}}
}

// Key returns the canonical form of the criterion.
func (c Criterion) Key() string { return c.key }

// Matches reports whether the criterion selects an object with these attributes.
func (c Criterion) Matches(o *Attributes) bool { return c.expr.matches(o) }

// Not selects the objects that the criterion does not select.
func (c Criterion) Not() Criterion {
	return Criterion{key: bounded("not/" + c.key), expr: not{c.expr}}
}

// And selects the objects that all the criteria select.
func And(criteria ...Criterion) Criterion {
	distinct := flatten[allOf](criteria)
	delete(distinct, All().key)
	if _, ok := distinct[None().key]; ok {
		return None()
	}
	parts := inOrder(distinct)
	switch len(parts) {
	case 0:
		return All()
	case 1:
		return parts[0]
	}
	key := bounded("and/" + keysOf(parts))
	slices.SortStableFunc(parts, func(c, d Criterion) int { return cmp.Compare(rank(d.expr), rank(c.expr)) })
	return Criterion{key: key, expr: allOf(parts)}
}

// Or selects the objects that at least one of the criteria selects.
func Or(criteria ...Criterion) Criterion {
	distinct := flatten[anyOf](criteria)
	if _, ok := distinct[All().key]; ok {
		return All()
	}
	parts := inOrder(distinct)
	switch len(parts) {
	case 0:
		return None()
	case 1:
		return parts[0]
	}
	return Criterion{key: bounded("or/" + keysOf(parts)), expr: anyOf(parts)}
}

// flatten returns the criteria by their keys, with the parts of those that are combined in the same
// way instead of them.
func flatten[Combined allOf | anyOf](criteria []Criterion) map[string]Criterion {
	distinct := make(map[string]Criterion, len(criteria))
	for _, c := range criteria {
		if combined, ok := c.expr.(any).(Combined); ok {
			for _, part := range combined {
				distinct[part.key] = part
			}
			continue
		}
		distinct[c.key] = c
	}
	return distinct
}

func inOrder(criteria map[string]Criterion) []Criterion {
	parts := make([]Criterion, 0, len(criteria))
	for _, key := range slices.Sorted(maps.Keys(criteria)) {
		parts = append(parts, criteria[key])
	}
	return parts
}

func keysOf(criteria []Criterion) string {
	keys := make([]string, len(criteria))
	for i := range criteria {
		keys[i] = criteria[i].key
	}
	return joined(keys)
}

func setOf(list []string) map[string]struct{} {
	set := make(map[string]struct{}, len(list))
	for _, s := range list {
		set[s] = struct{}{}
	}
	return set
}

// maxKey limits the memory of a key. A selector can be long, and it is part of the key of every
// criterion that contains it.
const maxKey = 128

// bounded returns the key, or its digest if it is long.
func bounded(key string) string {
	if len(key) <= maxKey {
		return key
	}
	digest := sha256.Sum256([]byte(key))
	return "sha256/" + hex.EncodeToString(digest[:])
}

// joined returns one text for a list. The lengths distinguish ("a", "b&c") from ("a&b", "c").
func joined(list []string) string {
	var text strings.Builder
	for _, s := range list {
		text.WriteString(lengthPrefixed(s))
	}
	return text.String()
}

func lengthPrefixed(s string) string { return strconv.Itoa(len(s)) + ":" + s }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "github.com/RoaringBitmap/roaring/v2"

// expression is the query that a criterion evaluates.
type expression interface {
	// matches reports whether one object matches.
	matches(*Attributes) bool
	// within removes the slots that do not match from a bitmap. A nil bitmap means all slots. It
	// returns the bitmap, or a new one, which the caller owns.
	within(*index, *roaring.Bitmap) *roaring.Bitmap
	// terms returns terms of which every matching object meets at least one. If there are no such
	// terms, bounded is false.
	terms() (terms []term, bounded bool)
	// String describes the query in words.
	String() string
}

// everything matches all objects.
type everything struct{}

func (everything) matches(*Attributes) bool                           { return true }
func (everything) within(x *index, b *roaring.Bitmap) *roaring.Bitmap { return x.everything(b) }
func (everything) terms() ([]term, bool)                              { return nil, false }

// exactly matches the objects that meet a term.
type exactly struct{ term }

func (e exactly) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	met := x.of(e.term)
	return met.within(b)
}

func (e exactly) terms() ([]term, bool) { return []term{e.term}, true }

// nameIn matches the objects that have one of the names.
type nameIn map[string]struct{}

func (e nameIn) matches(o *Attributes) bool {
	_, ok := e[o.Name]
	return ok
}

func (e nameIn) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	either := roaring.New()
	for name := range e {
		if s := x.find(name); s != nil && (b == nil || b.Contains(s.id)) {
			either.Add(s.id)
		}
	}
	return either
}

func (e nameIn) terms() ([]term, bool) {
	terms := make([]term, 0, len(e))
	for name := range e {
		terms = append(terms, term{field: nameField, value: name})
	}
	return terms, true
}

// labelIn matches the objects that have the label with one of the values.
type labelIn struct {
	key    string
	values map[string]struct{}
}

func (e labelIn) matches(o *Attributes) bool {
	value, ok := o.Labels.Lookup(e.key)
	if !ok {
		return false
	}
	_, ok = e.values[value]
	return ok
}

func (e labelIn) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	either := roaring.New()
	if l := x.labels[e.key]; l != nil {
		for value := range e.values {
			met := x.having(l, e.key, value)
			met.addTo(either)
		}
	}
	if b != nil {
		either.And(b)
	}
	return either
}

func (e labelIn) terms() ([]term, bool) {
	return []term{{field: labelKeyField, key: e.key}}, true
}

// not matches the objects that its expression does not match.
type not struct{ expression }

func (e not) matches(o *Attributes) bool { return !e.expression.matches(o) }

func (e not) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	b = x.everything(b)
	b.AndNot(e.expression.within(x, nil))
	return b
}

func (e not) terms() ([]term, bool) { return nil, false }

// where matches the objects for which a function returns true.
type where struct {
	text  string
	match func(*Attributes) bool
}

func (e where) matches(o *Attributes) bool { return e.match(o) }

func (e where) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	return matching(e, x, x.everything(b))
}

func (e where) terms() ([]term, bool) { return nil, false }

// matching returns the slots of a bitmap that match. It examines each of them.
func matching(e expression, x *index, b *roaring.Bitmap) *roaring.Bitmap {
	kept := roaring.New()
	b.Iterate(func(id uint32) bool {
		if e.matches(&x.byID[id].latest.Attributes) {
			kept.Add(id)
		}
		return true
	})
	return kept
}

// allOf matches the objects that all of its parts match. The most selective parts come first.
type allOf []Criterion

func (e allOf) matches(o *Attributes) bool {
	for i := range e {
		if !e[i].expr.matches(o) {
			return false
		}
	}
	return true
}

// fewToMatch is the number of slots up to which matching examines each slot, instead of using set
// operations.
const fewToMatch = 64

func (e allOf) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	for i := range e {
		if b != nil && b.GetCardinality() <= fewToMatch {
			return matching(e[i:], x, b)
		}
		b = e[i].expr.within(x, b)
	}
	return b
}

func (e allOf) terms() (terms []term, bounded bool) {
	best := -1
	for i := range e {
		if found, ok := e[i].expr.terms(); ok && rank(e[i].expr) > best {
			terms, bounded, best = found, true, rank(e[i].expr)
		}
	}
	return terms, bounded
}

// anyOf matches the objects that at least one of its parts matches.
type anyOf []Criterion

func (e anyOf) matches(o *Attributes) bool {
	for i := range e {
		if e[i].expr.matches(o) {
			return true
		}
	}
	return false
}

func (e anyOf) within(x *index, b *roaring.Bitmap) *roaring.Bitmap {
	if b != nil && b.GetCardinality() <= fewToMatch {
		return matching(e, x, b)
	}
	either := roaring.New()
	for i := range e {
		either.Or(e[i].expr.within(x, nil))
	}
	if b != nil {
		either.And(b)
	}
	return either
}

func (e anyOf) terms() (terms []term, bounded bool) {
	for i := range e {
		found, ok := e[i].expr.terms()
		if !ok {
			return nil, false
		}
		terms = append(terms, found...)
	}
	return terms, true
}

// rank orders expressions by their usual selectivity and their cost.
func rank(e expression) int {
	switch e := e.(type) {
	case exactly:
		return 10 + int(e.field)
	case nameIn:
		return 12
	case labelIn:
		return 9
	case anyOf:
		return 8
	case allOf:
		return 7
	case not:
		return 6
	default:
		return 5
	}
}

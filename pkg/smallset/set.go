// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package smallset has sets for places where a large cluster has very many of them, most with a few values. Such a
// set takes a tenth of the memory of a map, and a large one takes as much as a map.
package smallset

import (
	"iter"
	"slices"
)

// maxFew is the number of values up to which a set is a list.
const maxFew = 16

// Set is a set. The zero Set is empty. It must not be copied, unless only the copy is used then.
type Set[T comparable] struct {
	few []T
	// many are all values if there have been more than maxFew; otherwise it is nil.
	many map[T]struct{}
}

// Add adds a value. It does nothing if the value is in the set.
func (s *Set[T]) Add(value T) {
	switch {
	case s.many != nil:
		s.many[value] = struct{}{}
	case slices.Contains(s.few, value):
	case len(s.few) < maxFew:
		s.few = append(s.few, value)
	default:
		s.many = make(map[T]struct{}, 2*maxFew)
		for _, value := range s.few {
			s.many[value] = struct{}{}
		}
		s.many[value] = struct{}{}
		s.few = nil
	}
}

// Remove removes a value. It does nothing if the value is not in the set.
func (s *Set[T]) Remove(value T) {
	delete(s.many, value)
	if i := slices.Index(s.few, value); i >= 0 {
		s.few = slices.Delete(s.few, i, i+1)
	}
}

// Len returns the number of values.
func (s *Set[T]) Len() int { return len(s.few) + len(s.many) }

// All returns the values, in no particular order. The set must not be changed while they are read.
func (s Set[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, value := range s.few {
			if !yield(value) {
				return
			}
		}
		for value := range s.many {
			if !yield(value) {
				return
			}
		}
	}
}

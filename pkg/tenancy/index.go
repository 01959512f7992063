// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"maps"
	"slices"
)

// index maps each key to a set of values. The zero key means "no key" and never has values.
type index[K, V comparable] map[K]map[V]struct{}

func (x index[K, V]) add(key K, value V) {
	var none K
	if key == none {
		return
	}
	if x[key] == nil {
		x[key] = make(map[V]struct{})
	}
	x[key][value] = struct{}{}
}

func (x index[K, V]) remove(key K, value V) {
	values := x[key]
	delete(values, value)
	if len(values) == 0 {
		delete(x, key)
	}
}

// inOrder returns the values of a key in alphabetical order. Events follow the order in which
// objects are changed, so that order must be the same every time.
func inOrder[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"maps"
	"slices"
)

// index is the values that belong to a key. The zero key stands for none, which has no values.
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

// inOrder returns the values of a key in alphabetical order. Changes of objects follow each
// other in the order in which they are made: it must be the same every time.
func inOrder(values map[string]struct{}) []string { return slices.Sorted(maps.Keys(values)) }

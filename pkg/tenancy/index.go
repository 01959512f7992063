// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"slices"

	"capsule.dev/tenantview/pkg/smallset"
)

// index maps each key to a set of values. The zero key means "no key" and never has values.
type index[K, V comparable] map[K]smallset.Set[V]

func (x index[K, V]) add(key K, value V) {
	var none K
	if key == none {
		return
	}
	values := x[key]
	values.Add(value)
	x[key] = values
}

func (x index[K, V]) remove(key K, value V) {
	values, ok := x[key]
	if !ok {
		return
	}
	if values.Remove(value); values.Len() == 0 {
		delete(x, key)
	} else {
		x[key] = values
	}
}

// inOrder returns the values of a key in alphabetical order. Events follow the order in which
// objects are changed, so that order must be the same every time.
func inOrder(values smallset.Set[string]) []string { return slices.Sorted(values.All()) }

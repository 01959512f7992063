// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

// index is the values that belong to a key.
type index[K, V comparable] map[K]map[V]struct{}

func (x index[K, V]) add(key K, value V) {
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

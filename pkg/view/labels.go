// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"slices"
	"unique"
)

// Labels are the labels of an object, in ascending order of their keys. They take half the memory of a map, and
// objects usually have so few that looking through them is as fast. They implement Labels of
// k8s.io/apimachinery/pkg/labels.
type Labels []label

type label struct{ key, value string }

// NewLabels returns the labels of a map.
func NewLabels(m map[string]string) Labels {
	if len(m) == 0 {
		return nil
	}
	l := make(Labels, 0, len(m))
	for key, value := range m {
		l = append(l, label{key, value})
	}
	slices.SortFunc(l, func(a, b label) int { return cmp.Compare(a.key, b.key) })
	return l
}

// InternLabels returns the labels of an object of that name, which share their keys and values with other objects. Most
// values occur in many objects, except the object's own name.
func InternLabels(name string, m map[string]string) Labels {
	l := NewLabels(m)
	for i := range l {
		l[i].key = unique.Make(l[i].key).Value()
		if l[i].value == name {
			l[i].value = name
		} else {
			l[i].value = unique.Make(l[i].value).Value()
		}
	}
	return l
}

// Map returns the labels as a map that the caller owns, or nil if there are none.
func (l Labels) Map() map[string]string {
	if len(l) == 0 {
		return nil
	}
	m := make(map[string]string, len(l))
	for i := range l {
		m[l[i].key] = l[i].value
	}
	return m
}

// Lookup returns the value of a label, and whether there is one.
func (l Labels) Lookup(key string) (value string, exists bool) {
	if len(l) <= fewLabels {
		for i := range l {
			if l[i].key == key {
				return l[i].value, true
			}
		}
		return "", false
	}
	i, found := slices.BinarySearchFunc(l, key, func(l label, key string) int { return cmp.Compare(l.key, key) })
	if !found {
		return "", false
	}
	return l[i].value, true
}

// fewLabels is the number of labels up to which comparing each key is faster than a binary search.
const fewLabels = 8

// Has returns whether there is a label of that key.
func (l Labels) Has(key string) bool {
	_, exists := l.Lookup(key)
	return exists
}

// Get returns the value of a label, or "" if there is none.
func (l Labels) Get(key string) string {
	value, _ := l.Lookup(key)
	return value
}

// Equal returns whether two objects have the same labels.
func (l Labels) Equal(other Labels) bool { return slices.Equal(l, other) }

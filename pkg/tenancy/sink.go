// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"cmp"
	"iter"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Names of the sources whose objects grant something, for metrics and logs.
const (
	tenantSource        = "tenants"
	settingSource       = "proxysettings"
	globalSettingSource = "globalproxysettings"
	configurationSource = "capsuleconfigurations"
	bindingSource       = "rolebindings"
	namespaceSource     = "namespaces"
)

// Key names an object.
type Key = types.NamespacedName

// Item is one object that a source delivers.
type Item[T any] struct {
	Key Key
	// Version is the object's resourceVersion.
	Version uint64
	// Value is the object. The sink takes ownership of it. It is not set if Err is.
	Value T
	// Err is the reason why the object could not be decoded.
	Err error
}

// Sink takes one source's objects. It is the consumer of a list and watch: Replace takes a whole
// list, and the other methods take the events that follow it.
type Sink[T any] struct {
	cluster *Cluster
	// source is the name under which undecodable objects are reported. It is "" if the source
	// has none.
	source string
	put    func(*view.Tx, Item[T])
	remove func(*view.Tx, Key)
	// keys returns the keys of the objects that put has stored, and possibly others. The cluster's mu
	// guards them.
	keys func() iter.Seq[Key]
	// views are the views whose revision follows the source.
	views []*view.View
}

func newSink[T any](c *Cluster, source string, put func(*view.Tx, Item[T]), remove func(*view.Tx, Key), keys func() iter.Seq[Key], views ...*view.View) *Sink[T] {
	return &Sink[T]{cluster: c, source: source, put: put, remove: remove, keys: keys, views: views}
}

// keysOf returns the keys of a map of cluster-scoped objects, by their names.
func keysOf[T any](objects map[string]T) func() iter.Seq[Key] {
	return func() iter.Seq[Key] {
		return func(yield func(Key) bool) {
			for name := range objects {
				if !yield(Key{Name: name}) {
					return
				}
			}
		}
	}
}

// Put adds or changes an object.
func (s *Sink[T]) Put(item Item[T]) {
	s.cluster.update(item.Version, func(tx *view.Tx) { s.apply(tx, item) })
}

// Delete removes the object with the key. version is the version of the deletion.
func (s *Sink[T]) Delete(key Key, version uint64) {
	s.cluster.update(version, func(tx *view.Tx) { s.forget(tx, key) })
}

// Replace replaces all objects of the source by the items, as of version. The items must be
// ordered by version.
func (s *Sink[T]) Replace(items []Item[T], version uint64) {
	s.cluster.update(version, func(tx *view.Tx) {
		tx.SetBulk()
		listed := make(map[Key]struct{}, len(items))
		for i := range items {
			listed[items[i].Key] = struct{}{}
			s.apply(tx, items[i])
		}
		var gone []Key
		for key := range s.known() {
			if _, ok := listed[key]; !ok {
				gone = append(gone, key)
			}
		}
		slices.SortFunc(gone, compareKeys)
		for _, key := range gone {
			s.forget(tx, key)
		}
		s.observe(tx, version)
	})
}

// known returns the keys of all objects that have left something behind, possibly more than once: their content, or
// the problem that they could not be decoded.
func (s *Sink[T]) known() iter.Seq[Key] {
	return func(yield func(Key) bool) {
		for key := range s.keys() {
			if !yield(key) {
				return
			}
		}
		if s.source == "" {
			return // its problems are not told from those of others
		}
		for from := range s.cluster.problems.byOrigin {
			if from.source == s.source && !yield(Key{Namespace: from.namespace, Name: from.name}) {
				return
			}
		}
	}
}

// Bookmark records that the source has delivered everything up to version.
func (s *Sink[T]) Bookmark(version uint64) {
	s.cluster.update(version, func(tx *view.Tx) { s.observe(tx, version) })
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

func (s *Sink[T]) apply(tx *view.Tx, item Item[T]) {
	if item.Err != nil {
		s.remove(tx, item.Key)
		s.cluster.problems.set(s.origin(item.Key), []grants.Problem{{Reason: grants.ReasonDecode, Detail: item.Err.Error()}})
	} else {
		s.cluster.problems.decoded(s.origin(item.Key))
		s.put(tx, item)
	}
}

func (s *Sink[T]) forget(tx *view.Tx, key Key) {
	s.remove(tx, key)
	s.cluster.problems.set(s.origin(key), s.cluster.missing(s.origin(key)))
}

func (s *Sink[T]) origin(key Key) origin {
	return origin{s.source, key.Namespace, key.Name}
}

func (s *Sink[T]) observe(tx *view.Tx, version uint64) {
	for _, v := range s.views {
		tx.Observe(v, version)
	}
}

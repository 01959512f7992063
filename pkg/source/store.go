// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/tenancy"
)

// store is the store that a reflector fills. It decodes objects and passes them on. Unlike an event
// handler of an informer, it also sees the versions of lists and bookmarks, in order with the
// objects.
type store[T any] struct {
	source *Source
	decode func(runtime.Object) (T, error)
	sink   Sink[T]
}

var (
	_ cache.ReflectorStore         = &store[any]{}
	_ cache.ReflectorBookmarkStore = &store[any]{}
	_ cache.TransformingStore      = &store[any]{}
)

// Transformer decodes each object of a streamed list when it arrives. So the whole list is never in memory in the
// form in which it arrives, which takes several times as much.
func (s *store[T]) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return s.item(object) }
}

// Add passes on an object that was added.
func (s *store[T]) Add(object any) error { return s.Update(object) }

// Update passes on an object that was changed.
func (s *store[T]) Update(object any) error {
	defer s.source.applied()
	item, err := s.item(object)
	if err != nil {
		return err
	}
	s.sink.Put(item)
	return nil
}

// Delete passes on a deletion. The object of a deletion carries the deletion's version.
func (s *store[T]) Delete(object any) error {
	defer s.source.applied()
	m, err := meta.Accessor(object)
	if err != nil {
		return fmt.Errorf("reading the metadata of a deleted object: %w", err)
	}
	s.sink.Delete(keyOf(m), parseVersion(m.GetResourceVersion()))
	return nil
}

// Replace passes on a whole list.
func (s *store[T]) Replace(objects []any, version string) error {
	items := make([]tenancy.Item[T], 0, len(objects))
	for _, object := range objects {
		item, err := s.item(object)
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b tenancy.Item[T]) int { return cmp.Compare(a.Version, b.Version) })
	s.sink.Replace(items, parseVersion(version))
	s.source.appear()
	return nil
}

// Bookmark passes on progress without changes.
func (s *store[T]) Bookmark(version string) error {
	defer s.source.applied()
	s.sink.Bookmark(parseVersion(version))
	return nil
}

// Resync does nothing: no object that was passed on gets lost.
func (s *store[T]) Resync() error { return nil }

func (s *store[T]) item(object any) (tenancy.Item[T], error) {
	if decoded, ok := object.(tenancy.Item[T]); ok {
		return decoded, nil
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return tenancy.Item[T]{}, fmt.Errorf("reading the metadata of an object: %w", err)
	}
	item := tenancy.Item[T]{Key: keyOf(m), Version: parseVersion(m.GetResourceVersion())}
	item.Value, item.Err = s.decode(object.(runtime.Object))
	return item, nil
}

func keyOf(m metav1.Object) tenancy.Key {
	return tenancy.Key{Namespace: m.GetNamespace(), Name: m.GetName()}
}

// parseVersion parses a resourceVersion. kube-apiserver guarantees that these are decimal numbers
// (KEP-5504). parseVersion returns 0 for any other text.
func parseVersion(s string) uint64 {
	version, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return version
}

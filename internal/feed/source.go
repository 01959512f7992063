// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"cmp"
	"slices"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/tenancy"
)

// Item is an object as of a resourceVersion.
type Item struct {
	Object  reference.Object
	Version uint64
}

// The following methods are like their namesakes, but take resourceVersions from the caller. They are
// for tests in which each source lags independently. Do not mix both kinds of methods.

// PutAt delivers an object that was added or changed.
func (f *Feed) PutAt(item Item) {
	f.sinks[reference.RefOf(item.Object).Resource].put(f.storeAt(item))
}

// DeleteAt delivers a deletion.
func (f *Feed) DeleteAt(ref reference.Ref, version uint64) {
	delete(f.stored, ref)
	f.sinks[ref.Resource].delete(tenancy.Key{Namespace: ref.Namespace, Name: ref.Name}, version)
}

// ReplaceAt delivers a whole list of one resource.
func (f *Feed) ReplaceAt(resource string, items []Item, version uint64) {
	for ref := range f.stored {
		if ref.Resource == resource {
			delete(f.stored, ref)
		}
	}
	list := make([]stored, 0, len(items))
	for _, item := range items {
		list = append(list, f.storeAt(item))
	}
	slices.SortFunc(list, func(a, b stored) int { return cmp.Compare(a.version, b.version) })
	f.sinks[resource].replace(list, version)
}

// BookmarkAt delivers a bookmark: the resource has not changed up to a version.
func (f *Feed) BookmarkAt(resource string, version uint64) { f.sinks[resource].bookmark(version) }

func (f *Feed) storeAt(item Item) stored {
	s := stored{withVersion(item.Object, item.Version), item.Version}
	f.stored[reference.RefOf(item.Object)] = s
	return s
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Description is what only one kind of the API group knows, but for its Go types.
type Description struct {
	// Kind is what grants have to know of it.
	grants.Kind
	// Resource, Singular and ShortNames are the names under which it is served.
	Resource, Singular string
	ShortNames         []string
	// Columns are those that kubectl prints for the upstream kind, in its order.
	Columns []metav1.TableColumnDefinition
	// Cells returns the cells of a row, one for each column.
	Cells func(runtime.Object) []any
}

// Kind is a kind of the API group.
type Kind struct {
	Description
	// New and NewList return an empty object, and an empty list.
	New, NewList func() runtime.Object
	// Convert returns the object that a server serves for an entry. The result is the caller's, but
	// it shares maps and slices with the entry: these must not be changed.
	Convert func(*view.Entry, ServerID) runtime.Object
	// ConvertList does the same for a list.
	ConvertList func([]*view.Entry, ServerID) runtime.Object
}

// NewKind makes a kind of the type T, whose lists are of the type L. items returns the place
// of a list's items. convert fills an empty object with what is served for an entry, but for
// the resourceVersion; what it takes from the entry must not be changed.
func NewKind[T, L any, Object object[T], List pointer[L]](d Description, items func(List) *[]T, convert func(Object, *view.Entry)) *Kind {
	serve := func(o Object, e *view.Entry, id ServerID) {
		convert(o, e)
		o.SetResourceVersion(id.format(e.Revision))
	}
	return &Kind{
		Description: d,
		New:         func() runtime.Object { return Object(new(T)) },
		NewList:     func() runtime.Object { return List(new(L)) },
		Convert: func(e *view.Entry, id ServerID) runtime.Object {
			o := Object(new(T))
			serve(o, e, id)
			return o
		},
		ConvertList: func(entries []*view.Entry, id ServerID) runtime.Object {
			converted := make([]T, len(entries))
			for i, e := range entries {
				serve(&converted[i], e, id)
			}
			list := List(new(L))
			*items(list) = converted
			return list
		},
	}
}

// pointer is a pointer to a T, which has a kind.
type pointer[T any] interface {
	*T
	runtime.Object
}

// object is a pointer to a T, which has metadata, too.
type object[T any] interface {
	pointer[T]
	metav1.Object
}

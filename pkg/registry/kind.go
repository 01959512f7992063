// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Description describes one kind of the API group, except for its Go types.
type Description struct {
	// Kind is the part that package grants needs.
	grants.Kind
	// Resource, Singular and ShortNames are the names under which the kind is served.
	Resource, Singular string
	ShortNames         []string
	// Columns are the columns that kubectl prints for the upstream kind, in the same order.
	Columns []metav1.TableColumnDefinition
	// Cells returns the cells of an object's row, one for each column.
	Cells func(runtime.Object) []any
	// NeedsVersion says that an update must name the resourceVersion that it replaces, as
	// AllowUnconditionalUpdate of the upstream kind's strategy says (k8s.io/kubernetes/pkg/registry).
	NeedsVersion bool
	// Conceal removes the names of other objects from an error of kube-apiserver; nil if no error of the
	// kind has any.
	Conceal func(message string) string
}

// Writable returns whether grants can have the operations Update and Delete for the kind.
func (d *Description) Writable() bool { return d.ProxySetting != "" }

// Kind is a kind of the API group.
type Kind struct {
	Description
	// Name is the name of the kind, such as TenantNode.
	Name string
	// New returns an empty object and NewList an empty list.
	New, NewList func() runtime.Object
	// Convert returns the object that a server serves for an entry. The caller owns the result.
	Convert func(*view.Entry, ServerID) runtime.Object
	// ConvertList does the same for a list.
	ConvertList func([]*view.Entry, ServerID) runtime.Object
}

// UpstreamName returns the name of the kind that users know, such as Node.
func (k *Kind) UpstreamName() string { return strings.TrimPrefix(k.Name, "Tenant") }

// NewKind returns a kind with objects of type T and lists of type L. items returns the address of
// a list's items. convert fills an empty object with what is served for an entry, except for the
// resourceVersion.
func NewKind[T, L any, Object object[T], List pointer[L]](d Description, items func(List) *[]T, convert func(Object, *view.Entry)) *Kind {
	serve := func(o Object, e *view.Entry, id ServerID) {
		convert(o, e)
		o.SetResourceVersion(id.format(e.Revision))
	}
	return &Kind{
		Description: d,
		Name:        reflect.TypeFor[T]().Name(),
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

// pointer is a pointer to a T that is an API object or list.
type pointer[T any] interface {
	*T
	runtime.Object
}

// object is a pointer to a T that also has metadata.
type object[T any] interface {
	pointer[T]
	metav1.Object
}

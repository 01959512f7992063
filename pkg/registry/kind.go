// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Kind is what only one kind of the API group knows.
type Kind struct {
	// Kind is what grants have to know of it.
	grants.Kind
	// Resource, Singular and ShortNames are the names under which it is served.
	Resource, Singular string
	ShortNames         []string
	// New and NewList return an empty object, and an empty list.
	New, NewList func() runtime.Object
	// Convert returns the object that is served for an entry. The result is the caller's,
	// but it shares maps and slices with the entry: they must not be changed.
	Convert func(*view.Entry) runtime.Object
	// ConvertItem, if it is set, returns the object as lists and events show it, where that
	// is not what Convert returns.
	ConvertItem func(*view.Entry) runtime.Object
	// ConvertList does the same for a list.
	ConvertList func([]*view.Entry) runtime.Object
	// Columns are those that kubectl prints for the upstream kind, in its order.
	Columns []metav1.TableColumnDefinition
	// Cells returns the cells of a row, one for each column.
	Cells func(runtime.Object) []any
}

func (k *Kind) convertItem(e *view.Entry) runtime.Object {
	if k.ConvertItem != nil {
		return k.ConvertItem(e)
	}
	return k.Convert(e)
}

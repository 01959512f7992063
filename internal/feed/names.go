// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"fmt"
	"slices"

	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/view"
)

var operations = map[reference.Operation]view.Operations{
	reference.List:   view.OpList,
	reference.Get:    view.OpGet,
	reference.Update: view.OpUpdate,
	reference.Delete: view.OpDelete,
}

// Names returns the engine's result for reference.Filter.Names: the objects that a list shows, or
// those that allow another operation. It returns an error if a list is out of order, or contains
// duplicates or old objects.
func (f *Feed) Names(u user.Info, op reference.Operation, resource string) ([]string, error) {
	v, who := f.View(resource), f.Cluster.Viewer(u)
	var names []string
	if op == reference.List {
		entries, _ := v.List(who)
		for _, e := range entries {
			names = append(names, e.Name)
			if want := f.stored[reference.Ref{Resource: resource, Name: e.Name}].version; e.Version != want {
				return nil, fmt.Errorf("the list has version %[3]d of %[1]s %[2]s, not %[4]d", resource, e.Name, e.Version, want)
			}
		}
		for i := 1; i < len(names); i++ {
			if names[i-1] >= names[i] {
				return nil, fmt.Errorf("the list of %s is out of order or has duplicates: %q", resource, names)
			}
		}
		return names, nil
	}
	for ref := range f.stored {
		if ref.Resource != resource {
			continue
		}
		if e, ok := v.Get(who, ref.Name, operations[op]); ok {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/view"
)

// Objects takes the objects of a resource that belong to no Tenant by themselves: nodes and
// classes.
func (c *Cluster) Objects(resource schema.GroupResource) *Sink[metav1.Object] {
	v := c.views[resource]
	put := func(tx *view.Tx, item Item[metav1.Object]) {
		tx.Put(v, view.Object{
			Attributes: view.Attributes{Name: item.Key.Name, Labels: item.Value.GetLabels()},
			Version:    item.Version,
			Value:      item.Value,
		})
	}
	remove := func(tx *view.Tx, key types.NamespacedName) { tx.Delete(v, key.Name) }
	return newSink(c, "", put, remove, v)
}

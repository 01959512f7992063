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
		tx.Put(v, published(item.Value, item.Version, ""))
	}
	remove := func(tx *view.Tx, key types.NamespacedName) { tx.Delete(v, key.Name) }
	return newSink(c, "", put, remove, v)
}

// published returns an object in the form that its view stores. It takes ownership of the object
// and drops everything that is neither served nor needed any more.
func published(o metav1.Object, version uint64, partition string) view.Object {
	o.SetOwnerReferences(nil)
	o.SetResourceVersion("")
	return view.Object{
		Attributes: view.Attributes{Name: o.GetName(), Partition: partition, Labels: o.GetLabels()},
		Version:    version,
		Value:      o,
		Size:       sizeOf(o),
	}
}

// sizeOf returns the approximate size of an object in bytes. Tenants can inflate only its labels
// and annotations.
func sizeOf(o metav1.Object) int {
	size := 1024
	for _, texts := range []map[string]string{o.GetLabels(), o.GetAnnotations()} {
		for key, value := range texts {
			size += len(key) + len(value)
		}
	}
	return size
}

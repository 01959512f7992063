// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"iter"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/packed"
	"capsule.dev/tenantview/pkg/view"
)

// Object is an object of one of Kubernetes' own kinds, with what criteria may use.
type Object struct {
	labels view.Labels
	packed packed.Object
	// size is the approximate size of the object in bytes.
	size int
}

// NewObject returns an object in the form in which a Cluster keeps it. It takes ownership of o. It returns an error
// if o is not of one of Kubernetes' own kinds.
func NewObject(o metav1.Object) (Object, error) {
	converted := Object{labels: view.InternLabels(o.GetName(), o.GetLabels()), size: sizeOf(o)}
	var err error
	converted.packed, err = packed.Pack(o)
	// Unpacked, an object takes about twice as much.
	converted.size = max(converted.size, 2*len(converted.packed))
	return converted, err
}

// Objects takes the objects of a resource that belong to no Tenant by themselves: nodes and
// classes.
func (c *Cluster) Objects(resource schema.GroupResource) *Sink[Object] {
	v := c.views[resource]
	put := func(tx *view.Tx, item Item[Object]) {
		tx.Put(v, published(item.Key.Name, &item.Value, item.Version, ""))
	}
	remove := func(tx *view.Tx, key types.NamespacedName) { tx.Delete(v, key.Name) }
	return newSink(c, "", put, remove, func() iter.Seq[Key] {
		return func(yield func(Key) bool) {
			for name := range v.Names() {
				if !yield(Key{Name: name}) {
					return
				}
			}
		}
	}, v)
}

// published returns an object in the form in which its view stores it.
func published(name string, o *Object, version uint64, partition string) view.Object {
	return view.Object{
		Attributes: view.Attributes{Name: name, Partition: partition, Labels: o.labels},
		Version:    version,
		Value:      o.packed,
		Size:       o.size,
	}
}

func intern[T ~string](s T) T { return unique.Make(s).Value() }

// sizeOf returns the approximate size of an object in bytes. Tenants can inflate only its labels
// and annotations.
func sizeOf(o metav1.Object) int {
	size := 1024
	for key, value := range o.GetLabels() {
		size += len(key) + len(value)
	}
	for key, value := range o.GetAnnotations() {
		if key != corev1.LastAppliedConfigAnnotation {
			size += len(key) + len(value)
		}
	}
	return size
}

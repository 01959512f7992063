// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package packed keeps objects of Kubernetes' own kinds in little memory: in the protobuf encoding, without what
// nobody reads. An object in this form takes less than half the memory of its Go type, and the garbage collector has no
// pointers to follow in it. It is unpacked for each answer that is not put together from encodings.
package packed

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is a packed object, without its name and its labels: whoever keeps it has these already. It must not be
// changed.
type Object []byte

// marshaler is implemented by all of Kubernetes' own kinds.
type marshaler interface {
	metav1.Object
	Marshal() ([]byte, error)
}

// Pointer is a pointer to a T that is one of Kubernetes' own kinds.
type Pointer[T any] interface {
	*T
	metav1.Object
	Unmarshal(data []byte) error
}

// Pack packs an object and takes ownership of it. It leaves out the metadata that is not served. It returns an
// error if the object is not of one of Kubernetes' own kinds.
func Pack(o metav1.Object) (Object, error) {
	m, ok := o.(marshaler)
	if !ok {
		return nil, fmt.Errorf("no protobuf encoding of type %T", o)
	}
	o.SetName("")
	o.SetLabels(nil)
	o.SetGenerateName("")
	o.SetSelfLink("")
	o.SetResourceVersion("")
	o.SetManagedFields(nil)
	o.SetFinalizers(nil)
	o.SetOwnerReferences(nil)
	delete(o.GetAnnotations(), corev1.LastAppliedConfigAnnotation)
	return m.Marshal()
}

// Unpack returns a new object of type T with that name and those labels. It takes ownership of the labels. T must be
// the type of the object that was packed: the encoding does not say which that was. Unpack returns an error if it is
// cut short.
func Unpack[T any, P Pointer[T]](o Object, name string, labels map[string]string) (P, error) {
	unpacked := P(new(T))
	if err := unpacked.Unmarshal(o); err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", name, err)
	}
	unpacked.SetName(name)
	unpacked.SetLabels(labels)
	return unpacked, nil
}

// Metadata returns the metadata of an object of any kind, except for its name and labels.
func Metadata(o Object) (*metav1.ObjectMeta, error) {
	// The metadata is the first field of every kind.
	partial, err := Unpack[metav1.PartialObjectMetadata](o, "", nil)
	if err != nil {
		return nil, err
	}
	return &partial.ObjectMeta, nil
}

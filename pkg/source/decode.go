// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"unique"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// as returns an object of one of Kubernetes' own types, without the fields that nothing reads.
func as[T metav1.Object](object runtime.Object) (T, error) {
	o, ok := object.(T)
	if !ok {
		return o, fmt.Errorf("unexpected object of type %T", object)
	}
	strip(o)
	return o, nil
}

// strip saves memory: it drops the metadata that is not served, and lets objects share equal
// strings. Owner references stay, because they say which Tenant a namespace belongs to.
func strip(o metav1.Object) {
	o.SetManagedFields(nil)
	o.SetFinalizers(nil)
	annotations := o.GetAnnotations()
	delete(annotations, corev1.LastAppliedConfigAnnotation)
	o.SetAnnotations(internKeys(annotations))
	o.SetLabels(internLabels(o.GetName(), o.GetLabels()))
	owners := o.GetOwnerReferences()
	for i := range owners {
		ref := &owners[i]
		ref.APIVersion, ref.Kind, ref.Name = intern(ref.APIVersion), intern(ref.Kind), intern(ref.Name)
		ref.UID = intern(ref.UID)
	}
	o.SetOwnerReferences(owners)
}

// internKeys returns an equal map that shares its keys with other objects, or nil if it is empty.
func internKeys(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	interned := make(map[string]string, len(m))
	for key, value := range m {
		interned[intern(key)] = value
	}
	return interned
}

// internLabels returns equal labels that share their keys and values with other objects. Most
// values occur in many objects, except the object's own name.
func internLabels(name string, labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	interned := make(map[string]string, len(labels))
	for key, value := range labels {
		if value == name {
			interned[intern(key)] = name
		} else {
			interned[intern(key)] = intern(value)
		}
	}
	return interned
}

func intern[T ~string](s T) T { return unique.Make(s).Value() }

// capsuleObject decodes one of Capsule's objects.
func capsuleObject[T any](object runtime.Object) (*T, error) {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("unexpected object of type %T", object)
	}
	return capsule.Decode[T](u)
}

func binding(object runtime.Object) (tenancy.Binding, error) {
	b, ok := object.(*rbacv1.RoleBinding)
	if !ok {
		return tenancy.Binding{}, fmt.Errorf("unexpected object of type %T", object)
	}
	return tenancy.Binding{Role: b.RoleRef, Subjects: grants.BindingSubjects(b.Namespace, b.Subjects)}, nil
}

func role(object runtime.Object) (grants.NamespaceGet, error) {
	switch r := object.(type) {
	case *rbacv1.Role:
		return grants.OfRole(r.Namespace, r.Rules), nil
	case *rbacv1.ClusterRole:
		return grants.OfClusterRole(r.Rules), nil
	default:
		return grants.NamespaceGet{}, fmt.Errorf("unexpected object of type %T", object)
	}
}

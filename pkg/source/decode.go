// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// as reads an object of one of Kubernetes' own types, without what nobody reads.
func as[T metav1.Object](object runtime.Object) (T, error) {
	o, ok := object.(T)
	if !ok {
		return o, fmt.Errorf("unexpected object of type %T", object)
	}
	strip(o)
	return o, nil
}

// strip drops the metadata that is not served, to save memory. Owner references stay: they
// say which Tenant a namespace belongs to.
func strip(o metav1.Object) {
	o.SetManagedFields(nil)
	o.SetFinalizers(nil)
	if annotations := o.GetAnnotations(); annotations != nil {
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		if len(annotations) == 0 {
			o.SetAnnotations(nil)
		}
	}
}

// capsuleObject reads one of Capsule's objects.
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
	return tenancy.Binding{Role: b.RoleRef, Subjects: grants.BindingSubjects(b.Subjects)}, nil
}

func role(object runtime.Object) (grants.NamespaceGet, error) {
	switch r := object.(type) {
	case *rbacv1.Role:
		return grants.NamespaceGetOf(r.Rules), nil
	case *rbacv1.ClusterRole:
		return grants.NamespaceGetOf(r.Rules), nil
	default:
		return grants.NamespaceGet{}, fmt.Errorf("unexpected object of type %T", object)
	}
}

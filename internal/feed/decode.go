// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// as decodes objects of one of Kubernetes' own kinds.
func as[T, Kept any](keep func(T) (Kept, error)) func(reference.Object) (Kept, error) {
	return func(o reference.Object) (Kept, error) {
		t, ok := o.DeepCopyObject().(T) // keep takes ownership
		if !ok {
			var none Kept
			return none, fmt.Errorf("unexpected object of type %T", o)
		}
		return keep(t)
	}
}

func capsuleObject[T any](o reference.Object) (*T, error) {
	return capsule.Decode[T](o.(*unstructured.Unstructured))
}

func binding(o reference.Object) (tenancy.Binding, error) {
	b, ok := o.(*rbacv1.RoleBinding)
	if !ok {
		return tenancy.Binding{}, fmt.Errorf("unexpected object of type %T", o)
	}
	return tenancy.Binding{Role: b.RoleRef, Subjects: grants.BindingSubjects(b.Namespace, b.Subjects)}, nil
}

func role(o reference.Object) (grants.NamespaceGet, error) {
	switch r := o.(type) {
	case *rbacv1.Role:
		return grants.OfRole(r.Namespace, r.Rules), nil
	case *rbacv1.ClusterRole:
		return grants.OfClusterRole(r.Rules), nil
	default:
		return grants.NamespaceGet{}, fmt.Errorf("unexpected object of type %T", o)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// as decodes objects of one of Kubernetes' own kinds.
func as[T, Kept any](keep func(T) (Kept, error)) func(runtime.Object) (Kept, error) {
	return func(object runtime.Object) (Kept, error) {
		o, ok := object.(T)
		if !ok {
			var none Kept
			return none, fmt.Errorf("unexpected object of type %T", object)
		}
		return keep(o)
	}
}

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

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

func as[T any](o reference.Object) (T, error) {
	t, ok := o.(T)
	if !ok {
		return t, fmt.Errorf("unexpected object of type %T", o)
	}
	return t, nil
}

func capsuleObject[T any](o reference.Object) (*T, error) {
	return capsule.Decode[T](o.(*unstructured.Unstructured))
}

func binding(o reference.Object) (tenancy.Binding, error) {
	b, err := as[*rbacv1.RoleBinding](o)
	if err != nil {
		return tenancy.Binding{}, err
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantnamespace serves Namespaces as TenantNamespaces.
package tenantnamespace

import (
	corev1 "k8s.io/api/core/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantNamespaces.
func Kind() *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream: corev1.SchemeGroupVersion.WithResource("namespaces"),
			OfTenant: ofTenant,
		},
		Resource:   "tenantnamespaces",
		Singular:   "tenantnamespace",
		ShortNames: []string{"tns"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantNamespaceList) *[]v1alpha1.TenantNamespace { return &l.Items }, convert)
}

func ofTenant(t *capsule.Tenant, _ *grants.Policy) (view.Criterion, []grants.Problem) {
	return view.Partition(t.Name), nil
}

func convert(out *v1alpha1.TenantNamespace, e *view.Entry) {
	in := registry.Upstream[corev1.Namespace](e)
	out.ObjectMeta = registry.Metadata("TenantNamespace", &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	out.Tenant = e.Partition
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantruntimeclass serves RuntimeClasses as TenantRuntimeClasses.
package tenantruntimeclass

import (
	nodev1 "k8s.io/api/node/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantRuntimeClasses.
func Kind() *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     nodev1.SchemeGroupVersion.WithResource("runtimeclasses"),
			TenantField:  "spec.runtimeClasses",
			ProxySetting: "RuntimeClasses",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantruntimeclasses",
		Singular:   "tenantruntimeclass",
		ShortNames: []string{"trc"},
		Columns:    columns,
		Cells:      cells,
		// As k8s.io/kubernetes/pkg/registry/node/runtimeclass.
		NeedsVersion: true,
	}, func(l *v1alpha1.TenantRuntimeClassList) *[]v1alpha1.TenantRuntimeClass { return &l.Items }, convert)
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.RuntimeClasses, p.UnsetClasses)
}

func convert(out *v1alpha1.TenantRuntimeClass, e *view.Entry) {
	in := registry.Upstream[nodev1.RuntimeClass](e)
	out.ObjectMeta = registry.Metadata("TenantRuntimeClass", &in.ObjectMeta)
	out.Handler = in.Handler
	out.Overhead = in.Overhead
	out.Scheduling = in.Scheduling
}

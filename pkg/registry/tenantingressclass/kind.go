// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantingressclass serves IngressClasses as TenantIngressClasses.
package tenantingressclass

import (
	networkingv1 "k8s.io/api/networking/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantIngressClasses.
func Kind() *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     networkingv1.SchemeGroupVersion.WithResource("ingressclasses"),
			TenantField:  "spec.ingressOptions.allowedClasses",
			ProxySetting: "IngressClasses",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantingressclasses",
		Singular:   "tenantingressclass",
		ShortNames: []string{"tic"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantIngressClassList) *[]v1alpha1.TenantIngressClass { return &l.Items }, convert)
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.IngressOptions.AllowedClasses, p.UnsetClasses)
}

func convert(out *v1alpha1.TenantIngressClass, e *view.Entry) {
	in := registry.Upstream[networkingv1.IngressClass](e)
	out.ObjectMeta = registry.Metadata("TenantIngressClass", &in.ObjectMeta)
	out.Spec = in.Spec
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantingressclass serves IngressClasses as TenantIngressClasses.
package tenantingressclass

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantIngressClasses.
func Kind() *registry.Kind {
	return &registry.Kind{
		Kind: grants.Kind{
			Upstream:     networkingv1.SchemeGroupVersion.WithResource("ingressclasses"),
			ProxySetting: "IngressClasses",
			OfTenant:     ofTenant,
		},
		Resource:    "tenantingressclasses",
		Singular:    "tenantingressclass",
		ShortNames:  []string{"tic"},
		New:         func() runtime.Object { return &v1alpha1.TenantIngressClass{} },
		NewList:     func() runtime.Object { return &v1alpha1.TenantIngressClassList{} },
		Convert:     convert,
		ConvertList: convertList,
		Columns:     columns,
		Cells:       cells,
	}
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) ([]view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.IngressOptions.AllowedClasses, p.UnsetClasses)
}

func convert(e *view.Entry) runtime.Object {
	out := &v1alpha1.TenantIngressClass{}
	convertInto(out, e)
	return out
}

func convertList(entries []*view.Entry) runtime.Object {
	list := &v1alpha1.TenantIngressClassList{Items: make([]v1alpha1.TenantIngressClass, len(entries))}
	for i, e := range entries {
		convertInto(&list.Items[i], e)
	}
	return list
}

func convertInto(out *v1alpha1.TenantIngressClass, e *view.Entry) {
	in := e.Value.(*networkingv1.IngressClass)
	out.ObjectMeta = registry.Metadata("TenantIngressClass", e, &in.ObjectMeta)
	out.Spec = in.Spec
}

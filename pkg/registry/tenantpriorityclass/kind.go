// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantpriorityclass serves PriorityClasses as TenantPriorityClasses.
package tenantpriorityclass

import (
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantPriorityClasses.
func Kind() *registry.Kind {
	return &registry.Kind{
		Kind: grants.Kind{
			Upstream:     schedulingv1.SchemeGroupVersion.WithResource("priorityclasses"),
			ProxySetting: "PriorityClasses",
			OfTenant:     ofTenant,
		},
		Resource:    "tenantpriorityclasses",
		Singular:    "tenantpriorityclass",
		ShortNames:  []string{"tpc"},
		New:         func() runtime.Object { return &v1alpha1.TenantPriorityClass{} },
		NewList:     func() runtime.Object { return &v1alpha1.TenantPriorityClassList{} },
		Convert:     convert,
		ConvertList: convertList,
		Columns:     columns,
		Cells:       cells,
	}
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) ([]view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.PriorityClasses, p.UnsetClasses)
}

func convert(e *view.Entry) runtime.Object {
	out := &v1alpha1.TenantPriorityClass{}
	convertInto(out, e)
	return out
}

func convertList(entries []*view.Entry) runtime.Object {
	list := &v1alpha1.TenantPriorityClassList{Items: make([]v1alpha1.TenantPriorityClass, len(entries))}
	for i, e := range entries {
		convertInto(&list.Items[i], e)
	}
	return list
}

func convertInto(out *v1alpha1.TenantPriorityClass, e *view.Entry) {
	in := e.Value.(*schedulingv1.PriorityClass)
	out.ObjectMeta = registry.Metadata("TenantPriorityClass", e, &in.ObjectMeta)
	out.Value = in.Value
	out.GlobalDefault = in.GlobalDefault
	out.Description = in.Description
	out.PreemptionPolicy = in.PreemptionPolicy
}

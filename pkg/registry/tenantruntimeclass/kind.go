// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantruntimeclass serves RuntimeClasses as TenantRuntimeClasses.
package tenantruntimeclass

import (
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantRuntimeClasses.
func Kind() *registry.Kind {
	return &registry.Kind{
		Kind: grants.Kind{
			Upstream:     nodev1.SchemeGroupVersion.WithResource("runtimeclasses"),
			ProxySetting: "RuntimeClasses",
			OfTenant:     ofTenant,
		},
		Resource:    "tenantruntimeclasses",
		Singular:    "tenantruntimeclass",
		ShortNames:  []string{"trc"},
		New:         func() runtime.Object { return &v1alpha1.TenantRuntimeClass{} },
		NewList:     func() runtime.Object { return &v1alpha1.TenantRuntimeClassList{} },
		Convert:     convert,
		ConvertList: convertList,
		Columns:     columns,
		Cells:       cells,
	}
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) ([]view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.RuntimeClasses, p.UnsetClasses)
}

func convert(e *view.Entry) runtime.Object {
	out := &v1alpha1.TenantRuntimeClass{}
	convertInto(out, e)
	return out
}

func convertList(entries []*view.Entry) runtime.Object {
	list := &v1alpha1.TenantRuntimeClassList{Items: make([]v1alpha1.TenantRuntimeClass, len(entries))}
	for i, e := range entries {
		convertInto(&list.Items[i], e)
	}
	return list
}

func convertInto(out *v1alpha1.TenantRuntimeClass, e *view.Entry) {
	in := e.Value.(*nodev1.RuntimeClass)
	out.ObjectMeta = registry.Metadata("TenantRuntimeClass", e, &in.ObjectMeta)
	out.Handler = in.Handler
	out.Overhead = in.Overhead
	out.Scheduling = in.Scheduling
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantnamespace serves Namespaces as TenantNamespaces.
package tenantnamespace

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantNamespaces.
func Kind() *registry.Kind {
	return &registry.Kind{
		Kind: grants.Kind{
			Upstream: corev1.SchemeGroupVersion.WithResource("namespaces"),
			OfTenant: ofTenant,
		},
		Resource:    "tenantnamespaces",
		Singular:    "tenantnamespace",
		ShortNames:  []string{"tns"},
		New:         func() runtime.Object { return &v1alpha1.TenantNamespace{} },
		NewList:     func() runtime.Object { return &v1alpha1.TenantNamespaceList{} },
		Convert:     convert,
		ConvertList: convertList,
		Columns:     columns,
		Cells:       cells,
	}
}

func ofTenant(t *capsule.Tenant, _ *grants.Policy) ([]view.Criterion, []grants.Problem) {
	return []view.Criterion{view.Partition(t.Name)}, nil
}

func convert(e *view.Entry) runtime.Object {
	out := &v1alpha1.TenantNamespace{}
	convertInto(out, e)
	return out
}

func convertList(entries []*view.Entry) runtime.Object {
	list := &v1alpha1.TenantNamespaceList{Items: make([]v1alpha1.TenantNamespace, len(entries))}
	for i, e := range entries {
		convertInto(&list.Items[i], e)
	}
	return list
}

func convertInto(out *v1alpha1.TenantNamespace, e *view.Entry) {
	in := e.Value.(*corev1.Namespace)
	out.ObjectMeta = registry.Metadata("TenantNamespace", e, &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	out.Tenant = e.Partition
}

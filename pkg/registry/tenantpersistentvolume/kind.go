// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantpersistentvolume serves PersistentVolumes as TenantPersistentVolumes.
package tenantpersistentvolume

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantPersistentVolumes.
func Kind() *registry.Kind {
	return &registry.Kind{
		Kind: grants.Kind{
			Upstream:     corev1.SchemeGroupVersion.WithResource("persistentvolumes"),
			ProxySetting: "PersistentVolumes",
			OfTenant:     ofTenant,
		},
		Resource:    "tenantpersistentvolumes",
		Singular:    "tenantpersistentvolume",
		ShortNames:  []string{"tpv"},
		New:         func() runtime.Object { return &v1alpha1.TenantPersistentVolume{} },
		NewList:     func() runtime.Object { return &v1alpha1.TenantPersistentVolumeList{} },
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
	out := &v1alpha1.TenantPersistentVolume{}
	convertInto(out, e)
	return out
}

func convertList(entries []*view.Entry) runtime.Object {
	list := &v1alpha1.TenantPersistentVolumeList{Items: make([]v1alpha1.TenantPersistentVolume, len(entries))}
	for i, e := range entries {
		convertInto(&list.Items[i], e)
	}
	return list
}

func convertInto(out *v1alpha1.TenantPersistentVolume, e *view.Entry) {
	in := e.Value.(*corev1.PersistentVolume)
	out.ObjectMeta = registry.Metadata("TenantPersistentVolume", e, &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	out.Tenant = e.Partition
}

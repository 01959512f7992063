// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantpersistentvolume serves PersistentVolumes as TenantPersistentVolumes.
package tenantpersistentvolume

import (
	corev1 "k8s.io/api/core/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantPersistentVolumes.
func Kind() *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     corev1.SchemeGroupVersion.WithResource("persistentvolumes"),
			ProxySetting: "PersistentVolumes",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantpersistentvolumes",
		Singular:   "tenantpersistentvolume",
		ShortNames: []string{"tpv"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantPersistentVolumeList) *[]v1alpha1.TenantPersistentVolume { return &l.Items }, convert)
}

func ofTenant(t *capsule.Tenant, _ *grants.Policy) (view.Criterion, []grants.Problem) {
	return view.Partition(t.Name), nil
}

func convert(out *v1alpha1.TenantPersistentVolume, e *view.Entry) {
	in := registry.Upstream[corev1.PersistentVolume](e)
	out.ObjectMeta = registry.Metadata("TenantPersistentVolume", &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	out.Tenant = e.Partition
}

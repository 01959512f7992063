// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantstorageclass serves StorageClasses as TenantStorageClasses.
package tenantstorageclass

import (
	storagev1 "k8s.io/api/storage/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantStorageClasses.
func Kind() *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     storagev1.SchemeGroupVersion.WithResource("storageclasses"),
			TenantField:  "spec.storageClasses",
			ProxySetting: "StorageClasses",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantstorageclasses",
		Singular:   "tenantstorageclass",
		ShortNames: []string{"tsc"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantStorageClassList) *[]v1alpha1.TenantStorageClass { return &l.Items }, convert)
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.StorageClasses, p.UnsetClasses)
}

func convert(out *v1alpha1.TenantStorageClass, e *view.Entry) {
	in := registry.Upstream[storagev1.StorageClass](e)
	out.ObjectMeta = registry.Metadata("TenantStorageClass", &in.ObjectMeta)
	out.Provisioner = in.Provisioner
	out.Parameters = in.Parameters
	out.ReclaimPolicy = in.ReclaimPolicy
	out.MountOptions = in.MountOptions
	out.AllowVolumeExpansion = in.AllowVolumeExpansion
	out.VolumeBindingMode = in.VolumeBindingMode
	out.AllowedTopologies = in.AllowedTopologies
}

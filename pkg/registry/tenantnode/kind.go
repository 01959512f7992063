// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantnode serves Nodes as TenantNodes.
package tenantnode

import (
	corev1 "k8s.io/api/core/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantNodes. images says whether they include status.images. Images reveal what
// every tenant with a Pod on the Node runs, and are two thirds of its bytes.
func Kind(images bool) *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     corev1.SchemeGroupVersion.WithResource("nodes"),
			TenantField:  "spec.nodeSelector",
			ProxySetting: "Nodes",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantnodes",
		Singular:   "tenantnode",
		ShortNames: []string{"tno"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantNodeList) *[]v1alpha1.TenantNode { return &l.Items }, func(out *v1alpha1.TenantNode, e *view.Entry) {
		convert(out, e)
		if !images {
			out.Status.Images = nil // only in the copy
		}
	})
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Nodes(t.Spec.NodeSelector, p.UnsetNodeSelector)
}

func convert(out *v1alpha1.TenantNode, e *view.Entry) {
	in := registry.Upstream[corev1.Node](e)
	out.ObjectMeta = registry.Metadata("TenantNode", &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	// These reveal the volumes of every tenant that has a Pod on the node.
	out.Status.VolumesInUse, out.Status.VolumesAttached = nil, nil
}

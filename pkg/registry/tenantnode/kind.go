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

// Kind describes TenantNodes. listImages includes status.images in lists, where they are two
// thirds of the bytes of a Node; an object that is read by its name always has them.
func Kind(listImages bool) *registry.Kind {
	trim := trimImages
	if listImages {
		trim = nil
	}
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     corev1.SchemeGroupVersion.WithResource("nodes"),
			ProxySetting: "Nodes",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantnodes",
		Singular:   "tenantnode",
		ShortNames: []string{"tno"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantNodeList) *[]v1alpha1.TenantNode { return &l.Items }, convert, trim)
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Nodes(t.Spec.NodeSelector, p.UnsetNodeSelector)
}

func convert(out *v1alpha1.TenantNode, e *view.Entry) {
	in := e.Value.(*corev1.Node)
	out.ObjectMeta = registry.Metadata("TenantNode", &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	// These name the volumes of every tenant that has a Pod on the node.
	out.Status.VolumesInUse, out.Status.VolumesAttached = nil, nil
}

// trimImages leaves the entry's own images alone: the status is a copy of which only this field
// changes.
func trimImages(out *v1alpha1.TenantNode) { out.Status.Images = nil }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantnode serves Nodes as TenantNodes.
package tenantnode

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
			Strip: func(o metav1.Object) {
				if node, ok := o.(*corev1.Node); ok {
					strip(&node.Status, images)
				}
			},
		},
		Resource:   "tenantnodes",
		Singular:   "tenantnode",
		ShortNames: []string{"tno"},
		Columns:    columns,
		Cells:      cells,
	}, func(l *v1alpha1.TenantNodeList) *[]v1alpha1.TenantNode { return &l.Items }, func(out *v1alpha1.TenantNode, e *view.Entry) {
		convert(out, e)
		strip(&out.Status, images)
	})
}

// strip removes what reveals the volumes of every tenant that has a Pod on the node, and its images, unless they are
// shown. It is called for what is stored, and again for what is served: the answer to a write has not been stored.
func strip(status *corev1.NodeStatus, images bool) {
	status.VolumesInUse, status.VolumesAttached = nil, nil
	if !images {
		status.Images = nil
	}
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Nodes(t.Spec.NodeSelector, p.UnsetNodeSelector)
}

func convert(out *v1alpha1.TenantNode, e *view.Entry) {
	in := registry.Upstream[corev1.Node](e)
	out.ObjectMeta = registry.Metadata("TenantNode", &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
}

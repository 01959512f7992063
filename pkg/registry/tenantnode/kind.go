// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantnode serves Nodes as TenantNodes.
package tenantnode

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantNodes. listImages includes status.images in lists, where they are two
// thirds of the bytes of a Node; an object that is read by its name always has them.
func Kind(listImages bool) *registry.Kind {
	return &registry.Kind{
		Kind: grants.Kind{
			Upstream:     corev1.SchemeGroupVersion.WithResource("nodes"),
			ProxySetting: "Nodes",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantnodes",
		Singular:   "tenantnode",
		ShortNames: []string{"tno"},
		New:        func() runtime.Object { return &v1alpha1.TenantNode{} },
		NewList:    func() runtime.Object { return &v1alpha1.TenantNodeList{} },
		Convert:    convert,
		ConvertItem: func(e *view.Entry) runtime.Object {
			return &convertList([]*view.Entry{e}, listImages).Items[0]
		},
		ConvertList: func(entries []*view.Entry) runtime.Object {
			return convertList(entries, listImages)
		},
		Columns: columns,
		Cells:   cells,
	}
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) ([]view.Criterion, []grants.Problem) {
	return grants.Nodes(t.Spec.NodeSelector, p.UnsetNodeSelector)
}

func convert(e *view.Entry) runtime.Object {
	out := &v1alpha1.TenantNode{}
	convertInto(out, e)
	return out
}

func convertList(entries []*view.Entry, images bool) *v1alpha1.TenantNodeList {
	list := &v1alpha1.TenantNodeList{Items: make([]v1alpha1.TenantNode, len(entries))}
	for i, e := range entries {
		convertInto(&list.Items[i], e)
		if !images {
			// The status is a copy, of which only this field changes: the entry keeps its images.
			list.Items[i].Status.Images = nil
		}
	}
	return list
}

func convertInto(out *v1alpha1.TenantNode, e *view.Entry) {
	in := e.Value.(*corev1.Node)
	out.ObjectMeta = registry.Metadata("TenantNode", e, &in.ObjectMeta)
	out.Spec = in.Spec
	out.Status = in.Status
	// These name the volumes of every tenant that has a Pod on the node.
	out.Status.VolumesInUse, out.Status.VolumesAttached = nil, nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantnode_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/tenantnode"
	"capsule.dev/tenantview/pkg/view"
)

// Images reveal to a tenant what the other tenants on its nodes run.
func TestImages(t *testing.T) {
	images := []corev1.ContainerImage{{Names: []string{"registry.example.com/app:v1"}, SizeBytes: 1 << 20}}
	status := corev1.NodeStatus{Phase: corev1.NodeRunning, Images: images}
	withoutImages := corev1.NodeStatus{Phase: corev1.NodeRunning}
	for name, tc := range map[string]struct {
		images bool
		want   corev1.NodeStatus
	}{
		"left out": {want: withoutImages},
		"shown":    {images: true, want: status},
	} {
		t.Run(name, func(t *testing.T) {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1"}, Status: *status.DeepCopy()}
			e := &view.Entry{Object: view.Object{Value: synthetic.Packed(node)}, Revision: 42}
			kind := tenantnode.Kind(tc.images)
			for where, got := range map[string]corev1.NodeStatus{
				"a list":             kind.ConvertList([]*view.Entry{e}, 0).(*v1alpha1.TenantNodeList).Items[0].Status,
				"a get and an event": kind.Convert(e, 0).(*v1alpha1.TenantNode).Status,
			} {
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("status of %s (-want +got):\n%s", where, diff)
				}
			}
		})
	}
}

// What is never served takes no memory.
func TestNodesAreStripped(t *testing.T) {
	for _, images := range []bool{false, true} {
		node := &corev1.Node{Status: corev1.NodeStatus{
			Images:          []corev1.ContainerImage{{Names: []string{"app"}}},
			VolumesInUse:    []corev1.UniqueVolumeName{"volume"},
			VolumesAttached: []corev1.AttachedVolume{{Name: "volume"}},
		}}
		tenantnode.Kind(images).Strip(node)
		if len(node.Status.Images) > 0 != images || node.Status.VolumesInUse != nil || node.Status.VolumesAttached != nil {
			t.Errorf("with images %v: %+v", images, node.Status)
		}
	}
}

func TestNodesOfATenant(t *testing.T) {
	nodes := []view.Attributes{
		{Name: "a", Labels: view.NewLabels(map[string]string{"pool": "solar", "zone": "1"})},
		{Name: "b", Labels: view.NewLabels(map[string]string{"pool": "solar", "zone": "2"})},
		{Name: "c", Labels: view.NewLabels(map[string]string{"pool": "wind", "zone": "1"})},
		{Name: "d"},
	}
	everything := []string{"a", "b", "c", "d"}
	cases := map[string]struct {
		selector map[string]string
		unset    grants.Unset
		want     []string
		// problems are the reasons of the reported problems.
		problems []string
	}{
		"absent":                           {unset: grants.UnsetAll, want: everything},
		"absent, and the policy says none": {unset: grants.UnsetNone},
		"empty is absent":                  {selector: map[string]string{}, unset: grants.UnsetAll, want: everything},
		"one label":                        {selector: map[string]string{"pool": "solar"}, unset: grants.UnsetAll, want: []string{"a", "b"}},
		"all labels":                       {selector: map[string]string{"pool": "solar", "zone": "1"}, unset: grants.UnsetNone, want: []string{"a"}},
		"an empty value needs the label":   {selector: map[string]string{"pool": ""}, unset: grants.UnsetAll},
		"no such node":                     {selector: map[string]string{"pool": "water"}, unset: grants.UnsetAll},
		"not valid":                        {selector: map[string]string{"pool": "not a label"}, unset: grants.UnsetAll, problems: []string{grants.ReasonSelector}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tenant := &capsule.Tenant{Spec: capsule.TenantSpec{
				NodeSelector: tc.selector,
				// The Tenant's lists of classes, and the policy for them, must not matter.
				StorageClasses: &capsule.ClassList{Allowed: []string{"d"}},
			}}
			policy := grants.Policy{UnsetNodeSelector: tc.unset, UnsetClasses: grants.UnsetAll}
			criterion, problems := tenantnode.Kind(false).OfTenant(tenant, &policy)

			var got, reasons []string
			for i := range nodes {
				if criterion.Matches(&nodes[i]) {
					got = append(got, nodes[i].Name)
				}
			}
			for _, p := range problems {
				reasons = append(reasons, p.Reason)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

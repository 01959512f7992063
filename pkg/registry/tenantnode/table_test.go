// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantnode_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/tenantnode"
)

// month is the creation time of an object that is 30 days old.
var month = metav1.NewTime(time.Now().Add(-30*24*time.Hour - time.Minute))

// kubectl prints cells in the order of the columns, and those of priority 1 only with -o wide.
func TestColumns(t *testing.T) {
	want := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"},
		{Name: "Status", Type: "string"},
		{Name: "Roles", Type: "string"},
		{Name: "Age", Type: "string"},
		{Name: "Version", Type: "string"},
		{Name: "Internal-IP", Type: "string", Priority: 1},
		{Name: "External-IP", Type: "string", Priority: 1},
		{Name: "OS-Image", Type: "string", Priority: 1},
		{Name: "Kernel-Version", Type: "string", Priority: 1},
		{Name: "Container-Runtime", Type: "string", Priority: 1},
	}
	got := slices.Clone(tenantnode.Kind(false).Columns)
	for i := range got {
		if got[i].Description == "" {
			t.Errorf("column %s has no description", got[i].Name)
		}
		got[i].Description = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestCells(t *testing.T) {
	cases := map[string]struct {
		object v1alpha1.TenantNode
		want   []any
	}{
		"ready": {
			object: v1alpha1.TenantNode{
				ObjectMeta: metav1.ObjectMeta{
					Name:              "node-1",
					CreationTimestamp: month,
					Labels:            map[string]string{"node-role.kubernetes.io/worker": "", "pool": "solar"},
				},
				Status: corev1.NodeStatus{
					Conditions: []corev1.NodeCondition{
						{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse},
						{Type: corev1.NodeReady, Status: corev1.ConditionTrue},
					},
					Addresses: []corev1.NodeAddress{
						{Type: corev1.NodeHostName, Address: "node-1"},
						{Type: corev1.NodeInternalIP, Address: "10.0.0.1"},
						{Type: corev1.NodeInternalIP, Address: "fd00::1"},
						{Type: corev1.NodeExternalIP, Address: "192.0.2.1"},
					},
					NodeInfo: corev1.NodeSystemInfo{
						KubeletVersion:          "v1.36.3",
						OSImage:                 "Linux of 2026",
						KernelVersion:           "6.18.0",
						ContainerRuntimeVersion: "containerd://2.2.0",
						Architecture:            "arm64",
					},
				},
			},
			want: []any{"node-1", "Ready", "worker", "30d", "v1.36.3", "10.0.0.1", "192.0.2.1", "Linux of 2026", "6.18.0 (arm64)", "containerd://2.2.0"},
		},
		"nothing known": {
			object: v1alpha1.TenantNode{ObjectMeta: metav1.ObjectMeta{Name: "node-2"}},
			want:   []any{"node-2", "Unknown", "<none>", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"},
		},
		"cordoned, and its kubelet does not report": {
			object: v1alpha1.TenantNode{
				ObjectMeta: metav1.ObjectMeta{Name: "node-3"},
				Spec:       corev1.NodeSpec{Unschedulable: true},
				Status: corev1.NodeStatus{
					Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}},
					NodeInfo:   corev1.NodeSystemInfo{Architecture: "amd64"},
				},
			},
			want: []any{"node-3", "NotReady,SchedulingDisabled", "<none>", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown> (amd64)", "<unknown>"},
		},
		"cordoned before its first report": {
			object: v1alpha1.TenantNode{
				ObjectMeta: metav1.ObjectMeta{Name: "node-4"},
				Spec:       corev1.NodeSpec{Unschedulable: true},
				Status: corev1.NodeStatus{
					Conditions: []corev1.NodeCondition{{Type: corev1.NodeDiskPressure, Status: corev1.ConditionTrue}},
				},
			},
			want: []any{"node-4", "Unknown,SchedulingDisabled", "<none>", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"},
		},
		"roles by both labels, sorted, each once": {
			object: v1alpha1.TenantNode{ObjectMeta: metav1.ObjectMeta{Name: "node-5", Labels: map[string]string{
				"node-role.kubernetes.io/worker":        "true",
				"node-role.kubernetes.io/control-plane": "",
				"node-role.kubernetes.io/":              "nameless",
				"kubernetes.io/role":                    "worker",
			}}},
			want: []any{"node-5", "Unknown", "control-plane,worker", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"},
		},
		"an empty role is none": {
			object: v1alpha1.TenantNode{ObjectMeta: metav1.ObjectMeta{Name: "node-6", Labels: map[string]string{"kubernetes.io/role": ""}}},
			want:   []any{"node-6", "Unknown", "<none>", "<unknown>", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tenantnode.Kind(false).Cells(&tc.object)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantnode

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

// statusDocs and infoDocs describe the fields of the upstream kind.
var (
	statusDocs = corev1.NodeStatus{}.SwaggerDoc()
	infoDocs   = corev1.NodeSystemInfo{}.SwaggerDoc()
)

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Status", Type: "string", Description: "The status of the node"},
	{Name: "Roles", Type: "string", Description: "The roles of the node"},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	{Name: "Version", Type: "string", Description: infoDocs["kubeletVersion"]},
	{Name: "Internal-IP", Type: "string", Priority: 1, Description: statusDocs["addresses"]},
	{Name: "External-IP", Type: "string", Priority: 1, Description: statusDocs["addresses"]},
	{Name: "OS-Image", Type: "string", Priority: 1, Description: infoDocs["osImage"]},
	{Name: "Kernel-Version", Type: "string", Priority: 1, Description: infoDocs["kernelVersion"]},
	{Name: "Container-Runtime", Type: "string", Priority: 1, Description: infoDocs["containerRuntimeVersion"]},
}

func cells(o runtime.Object) []any {
	node := o.(*v1alpha1.TenantNode)
	info := &node.Status.NodeInfo
	return []any{
		node.Name,
		status(node),
		roles(node.Labels),
		registry.Age(node.CreationTimestamp),
		info.KubeletVersion,
		address(node, corev1.NodeInternalIP),
		address(node, corev1.NodeExternalIP),
		orUnknown(info.OSImage),
		kernel(info),
		orUnknown(info.ContainerRuntimeVersion),
	}
}

func status(node *v1alpha1.TenantNode) string {
	status := "Unknown"
	for i := range node.Status.Conditions {
		switch c := &node.Status.Conditions[i]; {
		case c.Type != corev1.NodeReady:
		case c.Status == corev1.ConditionTrue:
			status = "Ready"
		default: // False or Unknown
			status = "NotReady"
		}
	}
	if node.Spec.Unschedulable {
		status += ",SchedulingDisabled"
	}
	return status
}

// roles returns the roles in the labels node-role.kubernetes.io/ROLE, whatever their value, and
// kubernetes.io/role=ROLE, in alphabetical order.
func roles(labels map[string]string) string {
	var found []string
	for key, value := range labels {
		role, ok := strings.CutPrefix(key, "node-role.kubernetes.io/")
		if key == "kubernetes.io/role" {
			role, ok = value, true
		}
		if ok && role != "" {
			found = append(found, role)
		}
	}
	if len(found) == 0 {
		return "<none>"
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ",")
}

// address returns the node's first address of that type.
func address(node *v1alpha1.TenantNode, t corev1.NodeAddressType) string {
	for _, a := range node.Status.Addresses {
		if a.Type == t {
			return a.Address
		}
	}
	return "<none>"
}

// kernel returns the kernel's version and the machine's architecture.
func kernel(info *corev1.NodeSystemInfo) string {
	version := orUnknown(info.KernelVersion)
	if info.Architecture != "" {
		version += " (" + info.Architecture + ")"
	}
	return version
}

func orUnknown(s string) string { return cmp.Or(s, "<unknown>") }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package sample

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// NodesOfSolar is how many Nodes the tenant solar has.
const NodesOfSolar = 2

// nodes returns two Nodes of each tenant's pool and one of the platform, as kubelets report them.
func nodes() []*unstructured.Unstructured {
	return []*unstructured.Unstructured{
		node("solar-node-1", 11, map[string]any{"pool": "solar", "node-role.kubernetes.io/worker": ""}),
		node("solar-node-2", 12, map[string]any{"pool": "solar", "node-role.kubernetes.io/worker": ""}),
		node("wind-node-1", 21, map[string]any{"pool": "wind", "node-role.kubernetes.io/worker": ""}),
		node("wind-node-2", 22, map[string]any{"pool": "wind", "node-role.kubernetes.io/worker": ""}),
		node("platform-node-1", 1, map[string]any{"node-role.kubernetes.io/control-plane": ""}),
	}
}

// node returns a Node that is Ready, at the address 10.0.0.host.
func node(name string, host int, labels map[string]any) *unstructured.Unstructured {
	labels["kubernetes.io/hostname"] = name
	labels["kubernetes.io/os"] = "linux"
	labels["kubernetes.io/arch"] = "amd64"
	resources := map[string]any{"cpu": "8", "memory": "32Gi", "pods": "110"}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "Node",
		"metadata":   map[string]any{"name": name, "labels": labels},
		"spec":       map[string]any{"podCIDR": fmt.Sprintf("10.244.%d.0/24", host)},
		"status": map[string]any{
			"capacity":    resources,
			"allocatable": resources,
			"addresses": []any{
				map[string]any{"type": "InternalIP", "address": fmt.Sprintf("10.0.0.%d", host)},
				map[string]any{"type": "Hostname", "address": name},
			},
			"conditions": []any{map[string]any{
				"type":               "Ready",
				"status":             "True",
				"reason":             "KubeletReady",
				"message":            "kubelet is posting ready status",
				"lastHeartbeatTime":  "2026-01-01T00:00:00Z",
				"lastTransitionTime": "2026-01-01T00:00:00Z",
			}},
			"nodeInfo": map[string]any{
				"machineID":               fmt.Sprintf("%032x", host),
				"systemUUID":              fmt.Sprintf("00000000-0000-0000-0000-%012x", host),
				"bootID":                  fmt.Sprintf("00000000-0000-0000-0001-%012x", host),
				"kernelVersion":           "6.12.0",
				"osImage":                 "Debian GNU/Linux 13 (trixie)",
				"containerRuntimeVersion": "containerd://2.1.0",
				"kubeletVersion":          "v1.36.3",
				"kubeProxyVersion":        "",
				"operatingSystem":         "linux",
				"architecture":            "amd64",
			},
		},
	}}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/e2e/testcluster"
)

// kind is one of the kinds that are served.
type kind struct {
	upstream schema.GroupVersionResource
	// kind is the name of the upstream kind, and apiVersion its group and version.
	kind, apiVersion string
	// spec is the least that kube-apiserver takes, in YAML.
	spec string
	// allow is the part of a Tenant's spec that allows the class %s. It is empty for other kinds.
	allow string
}

var kinds = []kind{
	{schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "Namespace", "v1", "", ""},
	{schema.GroupVersionResource{Version: "v1", Resource: "nodes"}, "Node", "v1", "", ""},
	{schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumes"}, "PersistentVolume", "v1",
		"spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, hostPath: {path: /tmp/e2e}}", ""},
	{schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}, "StorageClass", "storage.k8s.io/v1",
		"provisioner: example.com/disk", "storageClasses: %s"},
	{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingressclasses"}, "IngressClass", "networking.k8s.io/v1",
		"spec: {controller: example.com/ingress}", "ingressOptions: {allowedClasses: %s}"},
	{schema.GroupVersionResource{Group: "scheduling.k8s.io", Version: "v1", Resource: "priorityclasses"}, "PriorityClass", "scheduling.k8s.io/v1",
		"value: 1000", "priorityClasses: %s"},
	{schema.GroupVersionResource{Group: "node.k8s.io", Version: "v1", Resource: "runtimeclasses"}, "RuntimeClass", "node.k8s.io/v1",
		"handler: example", "runtimeClasses: %s"},
}

// resource is the plural under which the kind is served.
func (k kind) resource() string { return "tenant" + k.upstream.Resource }

func (k kind) path() string { return testcluster.Root + "/" + k.resource() }

// upstreamPath is where kube-apiserver serves the upstream kind.
func (k kind) upstreamPath() string {
	if k.upstream.Group == "" {
		return "/api/" + k.upstream.Version + "/" + k.upstream.Resource
	}
	return "/apis/" + k.upstream.GroupVersion().String() + "/" + k.upstream.Resource
}

// object is an object of the upstream kind in YAML, with metadata besides its name, such as "labels: {a: b}".
func (k kind) object(name, metadata string) string {
	if metadata != "" {
		metadata = ", " + metadata
	}
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s%s}\n%s\n", k.apiVersion, k.kind, name, metadata, k.spec)
}

// kindOf returns the kind that mirrors an upstream resource.
func kindOf(resource string) kind {
	for _, k := range kinds {
		if k.upstream.Resource == resource {
			return k
		}
	}
	panic("no kind mirrors " + resource)
}

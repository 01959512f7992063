// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"

	"capsule.dev/tenantview/e2e/testcluster"
)

// kind is one of the kinds that are served.
type kind struct {
	testcluster.Served
	// spec is the least that kube-apiserver takes, in YAML.
	spec string
}

var kinds = []kind{
	{testcluster.NewServed("Namespace"), ""},
	{testcluster.NewServed("Node"), ""},
	{testcluster.NewServed("PersistentVolume"),
		"spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, hostPath: {path: /tmp/e2e}}"},
	{testcluster.NewServed("StorageClass"), "provisioner: example.com/disk"},
	{testcluster.NewServed("IngressClass"), "spec: {controller: example.com/ingress}"},
	{testcluster.NewServed("PriorityClass"), "value: 1000"},
	{testcluster.NewServed("RuntimeClass"), "handler: example"},
}

// object is an object of the upstream kind in YAML, with metadata besides its name, such as "labels: {a: b}".
func (k kind) object(name, metadata string) string {
	if metadata != "" {
		metadata = ", " + metadata
	}
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s%s}\n%s\n", k.Upstream.GroupVersion(), k.UpstreamKind, name, metadata, k.spec)
}

// kindOf returns the kind that mirrors an upstream resource.
func kindOf(resource string) kind {
	for _, k := range kinds {
		if k.Upstream.Resource == resource {
			return k
		}
	}
	panic("no kind mirrors " + resource)
}

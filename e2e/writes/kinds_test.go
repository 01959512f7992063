// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"fmt"

	"capsule.dev/tenantview/e2e/testcluster"
)

// kind is one of the kinds that can be written.
type kind struct {
	testcluster.Served
	// setting is its name in proxySettings. spec is the least that kube-apiserver takes, in YAML.
	setting, spec string
}

var kinds = []kind{
	{testcluster.NewServed("Node"), "Nodes", ""},
	{testcluster.NewServed("PersistentVolume"), "PersistentVolumes",
		"spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, hostPath: {path: /tmp/e2e}}"},
	{testcluster.NewServed("StorageClass"), "StorageClasses", "provisioner: example.com/disk"},
	{testcluster.NewServed("IngressClass"), "IngressClasses", "spec: {controller: example.com/ingress}"},
	{testcluster.NewServed("PriorityClass"), "PriorityClasses", "value: 1000"},
	{testcluster.NewServed("RuntimeClass"), "RuntimeClasses", "handler: example"},
}

// object is an object of the upstream kind in YAML that belongs to a Tenant, or to none. metadata is more of
// its metadata, such as "finalizers: [a/b]".
func (k kind) object(name, tenant, metadata string) string {
	if tenant != "" {
		metadata = fmt.Sprintf("labels: {%s: %s}, %s", k.label(), tenant, metadata)
	}
	return k.Object(name, metadata, k.spec)
}

// label is the key of the label that says which Tenant an object of the kind belongs to.
func (k kind) label() string {
	if k.UpstreamKind == "PersistentVolume" {
		return "capsule.clastix.io/tenant"
	}
	return "e2e-tenant"
}

func (k kind) path(name string) string         { return k.Path() + "/" + name }
func (k kind) upstreamPath(name string) string { return k.UpstreamPath() + "/" + name }

// tenant is a Tenant in YAML that sees the objects of each kind with its label.
func tenant(name, owners string) string {
	return fmt.Sprintf(`
---
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: %[1]s}
spec:
  owners: [%[2]s]
  nodeSelector: {e2e-tenant: %[1]s}
  storageClasses: {matchLabels: {e2e-tenant: %[1]s}}
  priorityClasses: {matchLabels: {e2e-tenant: %[1]s}}
  runtimeClasses: {matchLabels: {e2e-tenant: %[1]s}}
  ingressOptions: {allowedClasses: {matchLabels: {e2e-tenant: %[1]s}}}
`, name, owners)
}

// settings are proxySettings that give the operations, such as "List, Update", for all kinds.
func settings(operations string) string {
	list := ""
	for _, k := range kinds {
		list += fmt.Sprintf("{kind: %s, operations: [%s]}, ", k.setting, operations)
	}
	return "proxySettings: [" + list + "]"
}

// required are the fields, in JSON, that a configuration of the kind must have besides its metadata.
func (k kind) required() string {
	switch k.UpstreamKind {
	case "RuntimeClass":
		return `,"handler":"example"`
	case "StorageClass":
		return `,"provisioner":"example.com/disk"`
	case "PriorityClass":
		return `,"value":1000`
	default:
		return ""
	}
}

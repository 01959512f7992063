// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"capsule.dev/tenantview/pkg/grants"
)

// solarAndWind is a cluster with two tenants: alice owns solar and bob owns wind. It has objects of every
// kind, of both tenants and of none, in the states that kubectl prints differently.
const solarAndWind = `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: solar}
spec:
  owners:
  - &all
    kind: User
    name: alice
    proxySettings:
    - {kind: Nodes, operations: [List]}
    - {kind: PersistentVolumes, operations: [List]}
    - {kind: StorageClasses, operations: [List]}
    - {kind: IngressClasses, operations: [List]}
    - {kind: PriorityClasses, operations: [List]}
    - {kind: RuntimeClasses, operations: [List]}
  - <<: *all
    kind: ServiceAccount
    name: system:serviceaccount:e2e-ci:bot
  nodeSelector: {pool: solar}
  storageClasses: {allowed: [gold, standard]}
  ingressOptions: {allowedClasses: {allowed: [public, internal]}}
  priorityClasses: {allowed: [batch, urgent]}
  runtimeClasses: {allowed: [kata]}
---
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: wind}
spec:
  owners: [{kind: User, name: bob}]
---
apiVersion: v1
kind: Namespace
metadata: {name: solar-a, labels: {env: prod, team: web}, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: solar, uid: "uid-of-tenant:solar"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: solar-b, labels: {env: test}, annotations: {example.com/note: keep me}, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: solar, uid: "uid-of-tenant:solar"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: wind-a, labels: {env: prod}, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: wind, uid: "uid-of-tenant:wind"}]}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gold, labels: {env: prod}}, provisioner: example.com/disk, reclaimPolicy: Retain, volumeBindingMode: WaitForFirstConsumer, allowVolumeExpansion: true}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: example.com/disk}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: tin}, provisioner: example.com/tape}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: public, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: example.com/ingress, parameters: {apiGroup: example.com, kind: Gateway, name: outside}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: internal}, spec: {controller: example.com/ingress}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: spare}, spec: {controller: example.com/ingress}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: batch}, value: -5, preemptionPolicy: Never, description: waits}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: urgent}, value: 100000, globalDefault: true}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: kata}, handler: kata-qemu, overhead: {podFixed: {memory: 120Mi}}}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: runc}, handler: runc}
---
apiVersion: v1
kind: Node
metadata: {name: solar-1, labels: {pool: solar, node-role.kubernetes.io/worker: "", node-role.kubernetes.io/edge: ""}}
spec: {podCIDR: 10.0.1.0/24}
status:
  addresses: [{type: InternalIP, address: 10.1.0.1}, {type: ExternalIP, address: 192.0.2.1}, {type: Hostname, address: solar-1}]
  capacity: {cpu: "4", memory: 8Gi}
  conditions: [{type: Ready, status: "True", reason: KubeletReady, lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z"}]
  images: [{names: ["registry.example.com/app:v1"], sizeBytes: 1048576}]
  nodeInfo: &nodeInfo {machineID: m, systemUUID: u, bootID: b, kernelVersion: 6.12.0, osImage: Debian GNU/Linux 13, containerRuntimeVersion: "containerd://2.1.0", kubeletVersion: v1.36.3, kubeProxyVersion: "", operatingSystem: linux, architecture: amd64}
---
apiVersion: v1
kind: Node
metadata: {name: solar-2, labels: {pool: solar, node-role.kubernetes.io/control-plane: ""}}
spec: {unschedulable: true}
status:
  conditions: [{type: Ready, status: "False", reason: KubeletNotReady, lastHeartbeatTime: "2026-01-01T00:00:00Z", lastTransitionTime: "2026-01-01T00:00:00Z"}]
---
{apiVersion: v1, kind: Node, metadata: {name: wind-1, labels: {pool: wind}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: solar-data}
spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce, ReadOnlyMany], persistentVolumeReclaimPolicy: Delete, storageClassName: gold, volumeMode: Block, claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: solar-a, name: data}, hostPath: {path: /tmp/a}}
status: {phase: Bound}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: solar-old, labels: {capsule.clastix.io/tenant: solar}}
spec: {capacity: {storage: 1Ti}, accessModes: [ReadWriteMany], persistentVolumeReclaimPolicy: Retain, storageClassName: gold, hostPath: {path: /tmp/b}}
status: {phase: Failed, reason: Broken, message: it is}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: wind-data}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOncePod], persistentVolumeReclaimPolicy: Retain, claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: wind-a, name: data}, hostPath: {path: /tmp/c}}
`

// arrange puts objects into the cluster, and returns when the server, with the default policy, has seen
// them. It deletes them when the test ends.
func arrange(t *testing.T, yaml string) {
	t.Helper()
	shared.Create(t, yaml)
	settle(t)
}

// settle returns when the server, with the default policy, has seen everything that was written.
func settle(t *testing.T) {
	t.Helper()
	policy := grants.DefaultPolicy()
	if err := newBarrier(t, shared).wait(t.Context(), &policy); err != nil {
		t.Fatal(err)
	}
}

// ofSolar are the names that alice sees in solarAndWind, by upstream resource, in the order of a list.
var ofSolar = map[string][]string{
	"namespaces":        {"solar-a", "solar-b"},
	"storageclasses":    {"gold", "standard"},
	"ingressclasses":    {"internal", "public"},
	"priorityclasses":   {"batch", "urgent"},
	"runtimeclasses":    {"kata"},
	"nodes":             {"solar-1", "solar-2"},
	"persistentvolumes": {"solar-data", "solar-old"},
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package synthetic makes clusters of any size for benchmarks. Their objects have the
// metadata that Capsule, kubectl and the kubelet leave on real ones.
package synthetic

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/packed"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/tenancy"
)

// NamespacesOfTenant is the number of namespaces of each Tenant.
const NamespacesOfTenant = 10

// Pools is the number of node pools that the Tenants share.
const Pools = 10

// Created is the time at which all objects were created.
var Created = metav1.NewTime(time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC))

// Kinds returns all kinds, as package grants describes them.
func Kinds() []grants.Kind {
	var granted []grants.Kind
	for _, k := range kinds.All(kinds.Options{}) {
		granted = append(granted, k.Kind)
	}
	return granted
}

// Cluster is a live cluster, with the sinks that change it.
type Cluster struct {
	*tenancy.Cluster
	Tenants    *tenancy.Sink[*capsule.Tenant]
	Namespaces *tenancy.Sink[tenancy.Namespace]
	Nodes      *tenancy.Sink[tenancy.Object]

	version uint64
}

// New returns a cluster with the given number of namespaces, a tenth as many Tenants, and a
// hundredth as many nodes.
func New(namespaces int) *Cluster {
	c := tenancy.New(Kinds(), grants.DefaultPolicy(), nil)
	s := &Cluster{Cluster: c, Tenants: c.Tenants(), Namespaces: c.Namespaces(), Nodes: c.Objects(corev1.Resource("nodes"))}
	fill(s, s.Tenants, namespaces/NamespacesOfTenant, func(i int) (string, *capsule.Tenant) { return TenantName(i), Tenant(i) })
	fill(s, s.Namespaces, namespaces, func(i int) (string, tenancy.Namespace) {
		ns := Namespace(i, i/NamespacesOfTenant)
		name := ns.Name // the Cluster takes ownership
		return name, Keep(tenancy.NewNamespace, ns)
	})
	fill(s, s.Nodes, namespaces/100, func(i int) (string, tenancy.Object) {
		node := Node(i)
		name := node.Name
		return name, Keep[metav1.Object](tenancy.NewObject, node)
	})
	c.GoLive()
	return s
}

func fill[T any](s *Cluster, sink *tenancy.Sink[T], n int, object func(int) (string, T)) {
	items := make([]tenancy.Item[T], n)
	for i := range items {
		name, o := object(i)
		items[i] = Item(s, name, o)
	}
	sink.Replace(items, s.version)
}

// Keep returns an object in the form in which a Cluster keeps it.
func Keep[T, Kept any](keep func(T) (Kept, error), o T) Kept {
	kept, err := keep(o)
	if err != nil {
		panic(err)
	}
	return kept
}

// Packed returns the object in packed form, and leaves it as it is. It must be of one of Kubernetes' own kinds.
func Packed(o metav1.Object) packed.Object {
	return Keep(packed.Pack, o.(runtime.Object).DeepCopyObject().(metav1.Object))
}

// Item returns an object as a source delivers it, with the next version of the cluster.
func Item[T any](s *Cluster, name string, o T) tenancy.Item[T] {
	return tenancy.Item[T]{Key: tenancy.Key{Name: name}, Version: s.Next(), Value: o}
}

// Next returns the next version of the cluster.
func (s *Cluster) Next() uint64 {
	s.version++
	return s.version
}

// TenantName returns the name of a Tenant.
func TenantName(i int) string { return fmt.Sprintf("tenant-%05d", i) }

// Owner returns the user that owns the Tenant.
func Owner(i int) string { return fmt.Sprintf("owner-%05d", i) }

// Team returns the group that owns the Tenant.
func Team(i int) string { return fmt.Sprintf("team-%05d", i) }

// Tenant returns a Tenant that a user and a group own, with nodes and classes that it
// shares with others.
func Tenant(i int) *capsule.Tenant {
	name := TenantName(i)
	see := func(kinds ...string) []capsule.ProxyOperations {
		var settings []capsule.ProxyOperations
		for _, kind := range kinds {
			settings = append(settings, capsule.ProxyOperations{Kind: kind, Operations: []string{"List"}})
		}
		return settings
	}
	owner := capsule.Owner{Subject: capsule.Subject{Kind: "User", Name: Owner(i)}, ProxySettings: see("Nodes", "StorageClasses", "PersistentVolumes")}
	team := capsule.Owner{Subject: capsule.Subject{Kind: "Group", Name: Team(i)}, ProxySettings: see("Nodes")}
	return &capsule.Tenant{
		Meta: capsule.Meta{Name: name, UID: uid("tenant", i)},
		Spec: capsule.TenantSpec{
			Owners:         []capsule.Owner{owner, team},
			NodeSelector:   map[string]string{"pool": strconv.Itoa(i % Pools)},
			StorageClasses: &capsule.ClassList{Allowed: []string{"standard"}, Default: "standard"},
		},
		Status: capsule.TenantStatus{Owners: []capsule.Subject{owner.Subject, team.Subject}},
	}
}

// NamespaceName returns the name of a namespace of a Tenant.
func NamespaceName(i, owner int) string { return fmt.Sprintf("%s-ns-%06d", TenantName(owner), i) }

// Namespace returns a namespace of a Tenant, as kube-apiserver delivers it.
func Namespace(i, owner int) *corev1.Namespace {
	tenant := TenantName(owner)
	name := NamespaceName(i, owner)
	manager := func(name string, operation metav1.ManagedFieldsOperationType, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{
			Manager: name, Operation: operation, APIVersion: "v1", Time: &Created,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
		}
	}
	return &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: uid("namespace", i), ResourceVersion: strconv.Itoa(1_000_000 + i), CreationTimestamp: Created,
			Labels: map[string]string{
				"kubernetes.io/metadata.name":                name,
				capsule.TenantLabel:                          tenant,
				"pod-security.kubernetes.io/enforce":         "baseline",
				"pod-security.kubernetes.io/enforce-version": "latest",
				"app.kubernetes.io/managed-by":               "gitops",
				"env":                                        "prod",
			},
			Annotations: map[string]string{
				"capsule.clastix.io/storage-classes":          "standard",
				"capsule.clastix.io/ingress-classes-regexp":   "^" + tenant + "-.*$",
				"scheduler.alpha.kubernetes.io/node-selector": "pool=" + strconv.Itoa(owner%Pools),
				"description":                      "Where the team of " + tenant + " runs what it runs",
				corev1.LastAppliedConfigAnnotation: `{"apiVersion":"v1","kind":"Namespace","metadata":{"annotations":{"description":"Where the team of ` + tenant + ` runs what it runs"},"labels":{"env":"prod","app.kubernetes.io/managed-by":"gitops"},"name":"` + name + `"}}` + "\n",
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: tenant, UID: uid("tenant", owner)}},
			ManagedFields: []metav1.ManagedFieldsEntry{
				manager("kubectl-client-side-apply", metav1.ManagedFieldsOperationUpdate, `{"f:metadata":{"f:annotations":{".":{},"f:description":{},"f:kubectl.kubernetes.io/last-applied-configuration":{}},"f:labels":{".":{},"f:app.kubernetes.io/managed-by":{},"f:env":{},"f:kubernetes.io/metadata.name":{}}}}`),
				manager("manager", metav1.ManagedFieldsOperationUpdate, `{"f:metadata":{"f:annotations":{"f:capsule.clastix.io/ingress-classes-regexp":{},"f:capsule.clastix.io/storage-classes":{},"f:scheduler.alpha.kubernetes.io/node-selector":{}},"f:labels":{"f:capsule.clastix.io/tenant":{},"f:pod-security.kubernetes.io/enforce":{},"f:pod-security.kubernetes.io/enforce-version":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"`+string(uid("tenant", owner))+`\"}":{}}}}`),
			},
		},
		Spec:   corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
		Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

// Node returns a node of a pool.
func Node(i int) *corev1.Node {
	name := fmt.Sprintf("node-%05d", i)
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: uid("node", i), CreationTimestamp: Created,
			Labels: map[string]string{
				"pool":                          strconv.Itoa(i % Pools),
				"kubernetes.io/hostname":        name,
				"kubernetes.io/os":              "linux",
				"kubernetes.io/arch":            "amd64",
				"topology.kubernetes.io/region": "north",
				"topology.kubernetes.io/zone":   "north-" + strconv.Itoa(i%3),
			},
		},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
}

func uid(kind string, i int) types.UID {
	h := fnv.New32a()
	_, _ = h.Write([]byte(kind))
	return types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", h.Sum32(), i))
}

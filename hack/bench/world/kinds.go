// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

const maxRoleBindings = synthetic.MaxRoleBindings

// The ServiceAccount that owns TenantOf10. It is not part of the world: it needs a token.
const (
	RobotNamespace = "default"
	RobotName      = "bench-robot"
)

// Kind is a kind of objects of a world.
type Kind struct {
	schema.GroupVersionResource
	Kind  string
	Count int
	// Make returns one object. Custom resources are unstructured.
	Make func(i int) runtime.Object
}

// GroupVersionKind returns the full name of the kind.
func (k Kind) GroupVersionKind() schema.GroupVersionKind { return k.GroupVersion().WithKind(k.Kind) }

// Kinds returns all kinds in a fixed order.
func (w *World) Kinds() []Kind {
	builtin := func(group, resource, kind string, count int, object func(i int) runtime.Object) Kind {
		return Kind{schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}, kind, count, object}
	}
	return []Kind{
		{capsule.Tenants, "Tenant", w.Tenants(), func(i int) runtime.Object { return w.tenant(i) }},
		builtin("", "namespaces", "Namespace", w.Namespaces, func(i int) runtime.Object { return w.namespace(i) }),
		builtin("rbac.authorization.k8s.io", "rolebindings", "RoleBinding", w.Namespaces*w.RoleBindings, w.roleBinding),
		builtin("", "nodes", "Node", w.nodes(), func(i int) runtime.Object { return synthetic.Node(i) }),
		builtin("", "persistentvolumes", "PersistentVolume", w.Namespaces/10, w.volume),
		builtin("storage.k8s.io", "storageclasses", "StorageClass", storageClasses, func(i int) runtime.Object { return synthetic.StorageClass(i) }),
		builtin("networking.k8s.io", "ingressclasses", "IngressClass", otherClasses, func(i int) runtime.Object { return synthetic.IngressClass(i) }),
		builtin("scheduling.k8s.io", "priorityclasses", "PriorityClass", otherClasses, func(i int) runtime.Object { return synthetic.PriorityClass(i) }),
		builtin("node.k8s.io", "runtimeclasses", "RuntimeClass", otherClasses, func(i int) runtime.Object { return synthetic.RuntimeClass(i) }),
		{capsule.ProxySettings, "ProxySetting", w.Namespaces / 100, w.proxySetting},
		{capsule.GlobalProxySettings, "GlobalProxySettings", globalSettings, w.globalSettings},
	}
}

// random returns the generator of random numbers for one object of a kind. Objects do not depend on the
// order in which they are made.
func (w *World) random(kind string, i int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, kind, i)
	return rand.New(rand.NewPCG(w.Seed, h.Sum64()))
}

// NamespaceName returns the name of a namespace.
func (w *World) NamespaceName(i int) string { return synthetic.NamespaceName(i, w.TenantOf(i)) }

func (w *World) namespace(i int) *corev1.Namespace {
	r := w.random("namespace", i)
	ns := synthetic.Namespace(i, w.TenantOf(i))
	// kube-apiserver does not store it.
	ns.ResourceVersion = ""
	ns.Labels["cost-center"] = fmt.Sprintf("%04d", r.IntN(1_000))
	ns.Annotations["contact"] = fmt.Sprintf("team-%d@example.com", r.IntN(10_000))
	return ns
}

func (w *World) roleBinding(i int) runtime.Object {
	namespace, number := i/w.RoleBindings, i%w.RoleBindings
	return synthetic.RoleBinding(w.NamespaceName(namespace), namespace, w.TenantOf(namespace), number)
}

func (w *World) volume(i int) runtime.Object {
	namespace := w.random("volume", i).IntN(w.Namespaces)
	return synthetic.PersistentVolume(i, w.NamespaceName(namespace), synthetic.TenantName(w.TenantOf(namespace)))
}

func (w *World) proxySetting(i int) runtime.Object {
	namespace := w.random("proxysetting", i).IntN(w.Namespaces)
	return custom(synthetic.ProxySetting(i, w.NamespaceName(namespace)), capsule.ProxySettings, "ProxySetting")
}

func (w *World) globalSettings(i int) runtime.Object {
	return custom(synthetic.GlobalProxySettings(i), capsule.GlobalProxySettings, "GlobalProxySettings")
}

// custom returns a custom resource as its clients send it.
func custom(object any, resource schema.GroupVersionResource, kind string) *unstructured.Unstructured {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		panic(fmt.Sprintf("converting a %s: %v", kind, err)) // all fields are of the project's own types
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(resource.GroupVersion().WithKind(kind))
	u.SetGeneration(1)
	return u
}

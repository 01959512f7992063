// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

// Resource is a resource that a server reads, with its objects.
type Resource struct {
	schema.GroupVersionResource
	Count int
	// Make returns one object as it is at first, and Empty one with nothing but its type.
	Make  func(i int) runtime.Object
	Empty func() runtime.Object
	// Change returns an object after one of the changes that are measured; nil if none is.
	Change func(i, change int) runtime.Object
}

// Resources returns all resources that a server reads with its default policy, in a fixed order.
func (s Shape) Resources() []Resource {
	builtin := func(gv schema.GroupVersion, resource string, count int, empty func() runtime.Object, object func(i int) runtime.Object) Resource {
		return Resource{GroupVersionResource: gv.WithResource(resource), Count: count, Empty: empty, Make: object}
	}
	custom := func(gvr schema.GroupVersionResource, kind string, count int, object func(i int) any) Resource {
		typed := func(content map[string]any) *unstructured.Unstructured {
			u := &unstructured.Unstructured{Object: content}
			u.SetGroupVersionKind(gvr.GroupVersion().WithKind(kind))
			return u
		}
		return Resource{
			GroupVersionResource: gvr, Count: count,
			Empty: func() runtime.Object { return typed(map[string]any{}) },
			Make:  func(i int) runtime.Object { return typed(content(object(i))) },
		}
	}
	namespaces := builtin(corev1.SchemeGroupVersion, "namespaces", s.Namespaces, func() runtime.Object { return &corev1.Namespace{} }, func(i int) runtime.Object { return s.namespace(i) })
	namespaces.Change = func(i, change int) runtime.Object { return s.relabelled(i, change) }
	nodes := builtin(corev1.SchemeGroupVersion, "nodes", s.Nodes, func() runtime.Object { return &corev1.Node{} }, func(i int) runtime.Object { return synthetic.Node(i) })
	nodes.Change = func(i, change int) runtime.Object { return heartbeat(i, change) }
	bindings := builtin(rbacv1.SchemeGroupVersion, "rolebindings", s.RoleBindings, func() runtime.Object { return &rbacv1.RoleBinding{} }, func(i int) runtime.Object { return s.binding(i) })
	bindings.Change = func(i, change int) runtime.Object { return s.rebound(i, change) }
	tenants := custom(capsule.Tenants, "Tenant", s.Tenants, func(i int) any { return s.tenant(i) })
	made := tenants.Make
	tenants.Make = func(i int) runtime.Object { return s.withStatus(made(i), i) }
	tenants.Change = func(i, change int) runtime.Object { return s.withStatus(succeeded(made(i), change), i) }
	return []Resource{
		tenants, namespaces, bindings, nodes,
		builtin(corev1.SchemeGroupVersion, "persistentvolumes", s.Volumes, func() runtime.Object { return &corev1.PersistentVolume{} }, func(i int) runtime.Object { return s.volume(i) }),
		builtin(storagev1.SchemeGroupVersion, "storageclasses", storageClasses, func() runtime.Object { return &storagev1.StorageClass{} }, func(i int) runtime.Object { return synthetic.StorageClass(i) }),
		builtin(networkingv1.SchemeGroupVersion, "ingressclasses", otherClasses, func() runtime.Object { return &networkingv1.IngressClass{} }, func(i int) runtime.Object { return synthetic.IngressClass(i) }),
		builtin(schedulingv1.SchemeGroupVersion, "priorityclasses", otherClasses, func() runtime.Object { return &schedulingv1.PriorityClass{} }, func(i int) runtime.Object { return synthetic.PriorityClass(i) }),
		builtin(nodev1.SchemeGroupVersion, "runtimeclasses", otherClasses, func() runtime.Object { return &nodev1.RuntimeClass{} }, func(i int) runtime.Object { return synthetic.RuntimeClass(i) }),
		builtin(rbacv1.SchemeGroupVersion, "clusterroles", len(roles), func() runtime.Object { return &rbacv1.ClusterRole{} }, func(i int) runtime.Object { return clusterRole(i) }),
		builtin(rbacv1.SchemeGroupVersion, "roles", 0, func() runtime.Object { return &rbacv1.Role{} }, nil),
		custom(capsule.ProxySettings, "ProxySetting", s.ProxySettings, func(i int) any { return synthetic.ProxySetting(i, s.namespaceName(s.namespaceOf(i))) }),
		custom(capsule.GlobalProxySettings, "GlobalProxySettings", globalSettings, func(i int) any { return synthetic.GlobalProxySettings(i) }),
	}
}

func (s Shape) namespace(i int) *corev1.Namespace { return synthetic.Namespace(i, s.TenantOf(i)) }

func (s Shape) volume(i int) *corev1.PersistentVolume {
	ns := s.namespaceOf(i)
	return synthetic.PersistentVolume(i, s.namespaceName(ns), synthetic.TenantName(s.TenantOf(ns)))
}

// binding returns a RoleBinding. Each namespace has its first before any has its second.
func (s Shape) binding(i int) *rbacv1.RoleBinding {
	ns := i % s.Namespaces
	return synthetic.RoleBinding(s.namespaceName(ns), ns, s.TenantOf(ns), i/s.Namespaces)
}

// roles are the ClusterRoles that the RoleBindings name. The last does not let anybody get a namespace.
var roles = []string{"admin", "edit", "view", "capsule-namespace-deleter"}

func clusterRole(i int) *rbacv1.ClusterRole {
	verbs := []string{"get", "list", "watch"}
	if i == len(roles)-1 {
		verbs = []string{"delete", "patch"}
	}
	return &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: roles[i], CreationTimestamp: synthetic.Created},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: verbs}},
	}
}

func (s Shape) tenant(i int) *capsule.Tenant {
	t := synthetic.Tenant(i)
	t.CreationTimestamp = synthetic.Created
	first, end := s.ownersOf(i)
	for n := first; n < end; n++ {
		owner := capsule.Owner{Subject: capsule.Subject{Kind: capsule.UserKind, Name: fmt.Sprintf("member-%06d", n)}}
		t.Spec.Owners, t.Status.Owners = append(t.Spec.Owners, owner), append(t.Status.Owners, owner.Subject)
	}
	return t
}

// withStatus adds the status that Capsule writes for administrators.
func (s Shape) withStatus(o runtime.Object, i int) runtime.Object {
	first, end := s.namespacesOf(i)
	names := make([]any, 0, end-first)
	for n := first; n < end; n++ {
		names = append(names, s.namespaceName(n))
	}
	status, _ := o.(*unstructured.Unstructured).Object["status"].(map[string]any)
	status["namespaces"], status["size"], status["state"] = names, int64(len(names)), "Active"
	return o
}

// content returns a custom resource as JSON has it.
func content(object any) map[string]any {
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		panic(fmt.Sprintf("converting a %T: %v", object, err)) // all fields are of the project's own types
	}
	return u
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
)

// Object is an object of one of Kubernetes' own types, or an unstructured object of a Kubernetes or
// Capsule kind.
type Object interface {
	runtime.Object
	metav1.Object
}

// Ref names an object. Resource is the plural, such as storageclasses. Plurals are unique among the
// relevant kinds.
type Ref struct {
	Resource, Namespace, Name string
}

// served describes a kind that users see.
type served struct {
	// groupVersion is GROUP/VERSION, which for the core group is /VERSION.
	groupVersion string
	// setting is the kind's name in proxySettings. It is "" for namespaces, which need none.
	setting string
}

var kinds = map[string]served{
	"namespaces":        {"/v1", ""},
	"nodes":             {"/v1", "Nodes"},
	"persistentvolumes": {"/v1", "PersistentVolumes"},
	"storageclasses":    {"storage.k8s.io/v1", "StorageClasses"},
	"ingressclasses":    {"networking.k8s.io/v1", "IngressClasses"},
	"priorityclasses":   {"scheduling.k8s.io/v1", "PriorityClasses"},
	"runtimeclasses":    {"node.k8s.io/v1", "RuntimeClasses"},
}

// Resources returns the resources that users see, in alphabetical order.
func Resources() []string { return slices.Sorted(maps.Keys(kinds)) }

// resources are the plurals of all relevant kinds.
var resources = map[string]string{
	"Namespace": "namespaces", "Node": "nodes", "PersistentVolume": "persistentvolumes",
	"StorageClass": "storageclasses", "IngressClass": "ingressclasses",
	"PriorityClass": "priorityclasses", "RuntimeClass": "runtimeclasses",
	"RoleBinding": "rolebindings", "Role": "roles", "ClusterRole": "clusterroles",
	"Tenant": "tenants", "ProxySetting": "proxysettings",
	"GlobalProxySettings": "globalproxysettings", "CapsuleConfiguration": "capsuleconfigurations",
}

// RefOf returns the Ref of an object. It panics if the kind does not affect what users see.
func RefOf(o Object) Ref {
	kind := ""
	if u, ok := o.(*unstructured.Unstructured); ok {
		kind = u.GetKind()
	} else if found, _, err := scheme.Scheme.ObjectKinds(o); err == nil {
		kind = found[0].Kind
	}
	resource, ok := resources[kind]
	if !ok {
		panic(fmt.Sprintf("%T of kind %q does not affect what users see", o, kind))
	}
	return Ref{resource, o.GetNamespace(), o.GetName()}
}

// World is the state of a cluster. It is not safe for concurrent use.
type World struct {
	objects map[Ref]Object
	// decoded are Capsule's objects, as this package decodes them, without invalid ones.
	decoded map[Ref]any
}

// NewWorld returns an empty cluster.
func NewWorld(objects ...Object) *World {
	w := &World{objects: make(map[Ref]Object), decoded: make(map[Ref]any)}
	for _, o := range objects {
		w.Put(o)
	}
	return w
}

// Put adds an object, or replaces the one of that name. The object must not be changed afterwards.
func (w *World) Put(o Object) {
	ref := RefOf(o)
	w.Delete(ref)
	switch ref.Resource {
	case "tenants":
		decode[tenant](w, ref, o)
	case "proxysettings":
		decode[proxySetting](w, ref, o)
	case "globalproxysettings":
		decode[globalProxySetting](w, ref, o)
	case "capsuleconfigurations":
		decode[configuration](w, ref, o)
	}
	w.objects[ref] = Typed(o)
}

// Delete removes the object of that name, if there is one.
func (w *World) Delete(ref Ref) {
	delete(w.objects, ref)
	delete(w.decoded, ref)
}

// Refs returns the names of all objects, in a fixed order.
func (w *World) Refs() []Ref {
	return slices.SortedFunc(maps.Keys(w.objects), func(a, b Ref) int {
		return strings.Compare(a.Resource+"/"+a.Namespace+"/"+a.Name, b.Resource+"/"+b.Namespace+"/"+b.Name)
	})
}

// Object returns an object, or nil if there is none.
func (w *World) Object(ref Ref) Object { return w.objects[ref] }

// Typed returns an object of a Kubernetes kind in its Go type, and any other object unchanged.
func Typed(o Object) Object {
	u, ok := o.(*unstructured.Unstructured)
	if !ok || !scheme.Scheme.Recognizes(u.GroupVersionKind()) {
		return o
	}
	into, err := scheme.Scheme.New(u.GroupVersionKind())
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into)
	}
	if err != nil {
		panic(fmt.Sprintf("%s %s: %v", u.GetKind(), u.GetName(), err))
	}
	return into.(Object)
}

func decode[T any](w *World, ref Ref, o Object) {
	data, err := json.Marshal(o.(*unstructured.Unstructured).Object)
	if err != nil {
		panic(fmt.Sprintf("%v: %v", ref, err))
	}
	into := new(T)
	if json.Unmarshal(data, into) == nil {
		w.decoded[ref] = into
	}
}

// all returns the objects of a Go type.
func all[T Object](w *World) []T {
	var found []T
	for _, o := range w.objects {
		if t, ok := o.(T); ok {
			found = append(found, t)
		}
	}
	return found
}

// allDecoded returns the valid objects of one of Capsule's kinds.
func allDecoded[T any](w *World) map[Ref]*T {
	found := make(map[Ref]*T)
	for ref, o := range w.decoded {
		if t, ok := o.(*T); ok {
			found[ref] = t
		}
	}
	return found
}

func (w *World) namespace(name string) *corev1.Namespace {
	ns, _ := w.objects[Ref{Resource: "namespaces", Name: name}].(*corev1.Namespace)
	return ns
}

func (w *World) tenant(name string) *tenant {
	t, _ := w.decoded[Ref{Resource: "tenants", Name: name}].(*tenant)
	return t
}

// rules returns the rules of the role that a binding refers to.
func (w *World) rules(b *rbacv1.RoleBinding) []rbacv1.PolicyRule {
	if b.RoleRef.APIGroup != "rbac.authorization.k8s.io" {
		return nil
	}
	switch b.RoleRef.Kind {
	case "Role":
		if r, ok := w.objects[Ref{"roles", b.Namespace, b.RoleRef.Name}].(*rbacv1.Role); ok {
			return r.Rules
		}
	case "ClusterRole":
		if r, ok := w.objects[Ref{"clusterroles", "", b.RoleRef.Name}].(*rbacv1.ClusterRole); ok {
			return r.Rules
		}
	}
	return nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// upstream implements the part of kube-apiserver that the server uses: lists, and watches that get
// the events of tests.
type upstream struct {
	// lists holds the served lists by resource. Other resources are not served.
	lists  map[string]any
	server *httptest.Server
	// events are the events that a watch of namespaces gets.
	events chan any
	// away makes every request fail.
	away atomic.Bool

	mu sync.Mutex
	// disconnected ends the waiting requests when it is closed.
	disconnected chan struct{}
	// held holds the resources whose lists wait.
	held map[string]chan struct{}
}

func newUpstream(t testing.TB) *upstream {
	u := &upstream{lists: content(), disconnected: make(chan struct{}), events: make(chan any), held: map[string]chan struct{}{}}
	u.server = httptest.NewServer(u)
	t.Cleanup(func() {
		u.disconnect()
		u.server.Close()
	})
	return u
}

// disconnect ends all watches.
func (u *upstream) disconnect() {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.disconnected)
	u.disconnected = make(chan struct{})
}

// hold makes lists of a resource wait until it is released.
func (u *upstream) hold(resource string) (release func()) {
	held := make(chan struct{})
	u.mu.Lock()
	defer u.mu.Unlock()
	u.held[resource] = held
	return sync.OnceFunc(func() { close(held) })
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resource := path.Base(r.URL.Path)
	u.mu.Lock()
	held, disconnected := u.held[resource], u.disconnected
	u.mu.Unlock()
	query := r.URL.Query()
	list, ok := u.lists[resource]
	switch {
	case u.away.Load():
		fail(w, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("away")))
	case !ok:
		fail(w, apierrors.NewNotFound(schema.GroupResource{Resource: resource}, ""))
	case query.Has("sendInitialEvents"):
		fail(w, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil))
	case query.Has("watch"):
		w.Header().Set("Content-Type", "application/json")
		w.(http.Flusher).Flush()
		var events chan any
		if resource == "namespaces" {
			events = u.events
		}
		for {
			select {
			case e := <-events:
				_ = json.NewEncoder(w).Encode(e)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			case <-disconnected:
				return
			}
		}
	default:
		if held != nil {
			select {
			case <-held:
			case <-r.Context().Done():
				return
			case <-disconnected:
				return
			}
		}
		write(w, list)
	}
}

func fail(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}

func write(w http.ResponseWriter, o any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o)
}

// content returns a cluster in which alice owns the Tenant solar. Its names are unusual, so that
// tests can find them wherever they leak.
func content() map[string]any {
	lists := map[string]any{
		"namespaces": corev1.NamespaceList{
			TypeMeta: metav1.TypeMeta{Kind: "NamespaceList", APIVersion: "v1"},
			ListMeta: metav1.ListMeta{ResourceVersion: "1000"},
			Items:    []corev1.Namespace{tenantNamespace("solar-a", 101), tenantNamespace("solar-b", 102), {ObjectMeta: metav1.ObjectMeta{Name: "hidden-a", ResourceVersion: "103", UID: "uid-hidden-a"}}},
		},
		"nodes": corev1.NodeList{
			TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"},
			ListMeta: metav1.ListMeta{ResourceVersion: "1000"},
			Items:    []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "hidden-node", ResourceVersion: "104", UID: "uid-hidden-node"}}},
		},
		"tenants": object{
			"kind": "TenantList", "apiVersion": "capsule.clastix.io/v1beta2", "metadata": object{"resourceVersion": "1000"},
			"items": []object{{
				"kind": "Tenant", "apiVersion": "capsule.clastix.io/v1beta2",
				"metadata": object{"name": "solar", "uid": "uid-solar", "resourceVersion": "90"},
				"spec":     object{"owners": []object{{"kind": "User", "name": "alice"}, {"kind": "Robot", "name": "wall-e"}}},
			}},
		},
	}
	for resource, kind := range map[string]metav1.TypeMeta{
		"storageclasses":    {Kind: "StorageClassList", APIVersion: "storage.k8s.io/v1"},
		"ingressclasses":    {Kind: "IngressClassList", APIVersion: "networking.k8s.io/v1"},
		"priorityclasses":   {Kind: "PriorityClassList", APIVersion: "scheduling.k8s.io/v1"},
		"runtimeclasses":    {Kind: "RuntimeClassList", APIVersion: "node.k8s.io/v1"},
		"persistentvolumes": {Kind: "PersistentVolumeList", APIVersion: "v1"},
		"rolebindings":      {Kind: "RoleBindingList", APIVersion: "rbac.authorization.k8s.io/v1"},
		"roles":             {Kind: "RoleList", APIVersion: "rbac.authorization.k8s.io/v1"},
		"clusterroles":      {Kind: "ClusterRoleList", APIVersion: "rbac.authorization.k8s.io/v1"},
	} {
		lists[resource] = object{"kind": kind.Kind, "apiVersion": kind.APIVersion, "metadata": object{"resourceVersion": "1000"}, "items": []object{}}
	}
	return lists
}

type object = map[string]any

func tenantNamespace(name string, version int) corev1.Namespace {
	return corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: "uid-solar-ns", ResourceVersion: strconv.Itoa(version),
			Labels:          map[string]string{"kubernetes.io/metadata.name": name},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: "solar", UID: "uid-solar"}},
		},
		Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// asked is a request of a client.
type asked struct{ Path, Accept string }

func TestClients(t *testing.T) {
	var requests []asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, asked{r.URL.Path, r.Header.Get("Accept")})
		switch r.URL.Path {
		case "/api/v1/namespaces":
			list := &corev1.NamespaceList{ListMeta: metav1.ListMeta{ResourceVersion: "20"}, Items: []corev1.Namespace{*namespace("a", "11")}}
			info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
			w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
			if err := scheme.Codecs.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion).Encode(list, w); err != nil {
				t.Error(err)
			}
		case "/apis/storage.k8s.io/v1/storageclasses":
			w.Header().Set("Content-Type", runtime.ContentTypeJSON)
			fmt.Fprint(w, `{"kind":"StorageClassList","apiVersion":"storage.k8s.io/v1","metadata":{"resourceVersion":"30"},"items":[{"metadata":{"name":"gold"}}]}`)
		default:
			w.Header().Set("Content-Type", runtime.ContentTypeJSON)
			fmt.Fprint(w, `{"kind":"TenantList","apiVersion":"capsule.clastix.io/v1beta2","metadata":{"resourceVersion":"40"},"items":[{"apiVersion":"capsule.clastix.io/v1beta2","kind":"Tenant","metadata":{"name":"solar"}}]}`)
		}
	}))
	defer server.Close()
	clients, err := NewClients(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	list := func(lw *cache.ListWatch, err error) runtime.Object {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		l, err := lw.ListWithContext(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	got := []runtime.Object{
		list(clients.BuiltIn(corev1.SchemeGroupVersion.WithResource("namespaces"))),
		list(clients.BuiltIn(storagev1.SchemeGroupVersion.WithResource("storageclasses"))),
		list(clients.Custom(capsule.Tenants), nil),
	}
	want := []runtime.Object{
		&corev1.NamespaceList{ListMeta: metav1.ListMeta{ResourceVersion: "20"}, Items: []corev1.Namespace{*namespace("a", "11")}},
		&storagev1.StorageClassList{
			ListMeta: metav1.ListMeta{ResourceVersion: "30"}, Items: []storagev1.StorageClass{{ObjectMeta: metav1.ObjectMeta{Name: "gold"}}},
		},
		&unstructured.UnstructuredList{
			Object: map[string]any{"kind": "TenantList", "apiVersion": "capsule.clastix.io/v1beta2", "metadata": map[string]any{"resourceVersion": "40"}},
			Items: []unstructured.Unstructured{{Object: map[string]any{
				"kind": "Tenant", "apiVersion": "capsule.clastix.io/v1beta2", "metadata": map[string]any{"name": "solar"},
			}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	const builtIn = "application/vnd.kubernetes.protobuf,application/json"
	wantRequests := []asked{
		{"/api/v1/namespaces", builtIn},
		{"/apis/storage.k8s.io/v1/storageclasses", builtIn},
		{"/apis/capsule.clastix.io/v1beta2/tenants", "application/json"},
	}
	if diff := cmp.Diff(wantRequests, requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// The server needs permission to list and watch exactly these resources.
func TestSourcesOfAPolicy(t *testing.T) {
	builtIn := []string{"namespaces", "storageclasses", "ingressclasses", "priorityclasses", "runtimeclasses", "nodes", "persistentvolumes", "tenants", "proxysettings"}
	with := func(more ...string) []string { return append(slices.Clone(builtIn), more...) }
	for name, tc := range map[string]struct {
		change func(*grants.Policy)
		want   []string
	}{
		"default":                  {func(*grants.Policy) {}, with("globalproxysettings", "rolebindings", "roles", "clusterroles")},
		"any role binding":         {func(p *grants.Policy) { p.RoleBindingNamespaces = grants.RoleBindingsAny }, with("globalproxysettings", "rolebindings")},
		"no role bindings":         {func(p *grants.Policy) { p.RoleBindingNamespaces = grants.RoleBindingsOff }, with("globalproxysettings")},
		"no global proxy settings": {func(p *grants.Policy) { p.GlobalProxySettings = grants.Off }, with("rolebindings", "roles", "clusterroles")},
		"Capsule's users only":     {func(p *grants.Policy) { p.CapsuleUsersOnly = true }, with("globalproxysettings", "capsuleconfigurations", "rolebindings", "roles", "clusterroles")},
		"capsule-proxy's":          {func(p *grants.Policy) { *p = grants.CapsuleProxyPolicy() }, with("capsuleconfigurations")},
	} {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			tc.change(&policy)
			clients, err := NewClients(&rest.Config{Host: "localhost:1"})
			if err != nil {
				t.Fatal(err)
			}
			sources, err := NewSources(clients, tenancy.New(grantedKinds(), policy, nil), grantedKinds())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range sources.All() {
				got = append(got, s.Name())
				if custom := slices.Contains([]string{"tenants", "proxysettings", "globalproxysettings", "capsuleconfigurations"}, s.Name()); (s.served != nil) != custom {
					t.Errorf("%s: may be absent: %v", s.Name(), !custom)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		})
	}
}

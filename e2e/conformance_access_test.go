// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// A hidden object is indistinguishable from one that does not exist: status, headers and body are the
// same, except for the name.
func TestHiddenIsAbsent(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	for _, k := range kinds {
		hidden := map[string]string{
			"namespaces": "wind-a", "storageclasses": "tin", "ingressclasses": "spare", "priorityclasses": "system-node-critical",
			"runtimeclasses": "runc", "nodes": "wind-1", "persistentvolumes": "wind-data",
		}[k.Upstream.Resource]
		testcluster.Get(t, shared.Admin, k.Path()+"/"+hidden).Expect(t, 200)
		absent := strings.Repeat("x", len(hidden))
		for _, accept := range []string{"application/json", asTable, "application/yaml"} {
			a, b := testcluster.Get(t, alice, k.Path()+"/"+hidden, "Accept", accept).Expect(t, 404), testcluster.Get(t, alice, k.Path()+"/"+absent, "Accept", accept).Expect(t, 404)
			if diff := cmp.Diff(strings.ReplaceAll(string(a.Body), hidden, absent), string(b.Body)); diff != "" {
				t.Errorf("%s (-hidden +absent):\n%s", k.Resource(), diff)
			}
			for _, header := range []string{"Audit-Id", "Date"} {
				a.Header.Del(header)
				b.Header.Del(header)
			}
			if diff := cmp.Diff(a.Header, b.Header); diff != "" {
				t.Errorf("%s headers (-hidden +absent):\n%s", k.Resource(), diff)
			}
		}
	}
	_, stderr, err := shared.tryKubectl(t, alice, "get", "tenantstorageclass", "tin")
	if want := "Error from server (NotFound): tenantstorageclasses.tenantview.capsule.dev \"tin\" not found\n"; err == nil || stderr != want {
		t.Errorf("kubectl says %q (%v)", stderr, err)
	}
}

// No user gets in without an identity, directly or through kube-apiserver, or without a permission on the
// API group.
func TestAccess(t *testing.T) {
	arrange(t, solarAndWind)
	path := kindOf("namespaces").Path()
	nobody := rest.AnonymousClientConfig(shared.Admin)
	liar := rest.AnonymousClientConfig(shared.Admin)
	liar.BearerToken = "not-a-token"
	for name, direct := range map[string]bool{"through kube-apiserver": false, "direct": true} {
		t.Run(name, func(t *testing.T) {
			way := func(config *rest.Config) *rest.Config {
				if direct {
					return shared.DirectConfig(config)
				}
				return config
			}
			// kube-apiserver admits anonymous users, but allows them nothing. The server does not admit them.
			testcluster.Get(t, way(nobody), path).Expect(t, map[bool]int{false: 403, true: 401}[direct])
			testcluster.Get(t, way(liar), path).Expect(t, 401)
			testcluster.Get(t, way(shared.As(t, "alice")), path).Expect(t, 200)
			testcluster.Get(t, way(shared.Admin), testcluster.Root+"/tenantnothings").Expect(t, 404)
		})
	}
	t.Run("without the right on the group", func(t *testing.T) {
		removeTemporarily(t, "ClusterRoleBinding", "tenantview-viewer")
		for name, config := range map[string]*rest.Config{"kube-apiserver": shared.As(t, "mallory"), "direct": shared.DirectConfig(shared.As(t, "mallory"))} {
			for _, p := range []string{path, path + "/solar-a"} {
				if s := testcluster.Get(t, config, p).Expect(t, 403).Status(t); !strings.Contains(s.Message, "cannot") {
					t.Errorf("%s: got %+v", name, s)
				}
			}
		}
		testcluster.Get(t, shared.Admin, path).Expect(t, 200)
	})
}

// removeTemporarily deletes an object until the test ends.
func removeTemporarily(t *testing.T, kind, name string) {
	t.Helper()
	o, err := shared.Client(kind, "").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	shared.Remove(t, kind, "", name)
	t.Cleanup(func() {
		o.SetResourceVersion("")
		o.SetUID("")
		if _, err := shared.Put(context.WithoutCancel(t.Context()), o); err != nil {
			t.Error(err)
		}
	})
}

// Impersonation gives exactly the view of the impersonated user.
func TestImpersonation(t *testing.T) {
	arrange(t, solarAndWind)
	for _, k := range kinds {
		want := testcluster.Names(testcluster.Get(t, shared.As(t, "alice"), k.Path()).List(t))
		if diff := cmp.Diff(ofSolar[k.Upstream.Resource], want); diff != "" {
			t.Errorf("alice sees %s (-want +got):\n%s", k.Resource(), diff)
		}
		if diff := cmp.Diff(want, testcluster.Names(testcluster.Get(t, shared.Impersonating("alice"), k.Path()).List(t))); diff != "" {
			t.Errorf("as alice, %s (-alice +impersonator):\n%s", k.Resource(), diff)
		}
	}
	out := shared.kubectl(t, shared.Admin, "get", "tns", "--as", "alice", "-o", "name")
	if strings.Count(out, "\n") != 2 {
		t.Errorf("kubectl --as alice prints %q", out)
	}
	// The impersonator's own permissions do not count.
	if out := shared.kubectl(t, shared.Admin, "get", "tns", "--as", "carol", "--as-group", "devs", "-o", "name"); out != "" {
		t.Errorf("kubectl --as carol prints %q", out)
	}
	mallory := rest.CopyConfig(shared.As(t, "mallory"))
	mallory.Impersonate.UserName = "alice"
	testcluster.Get(t, mallory, kindOf("namespaces").Path()).Expect(t, 403)
}

const nativeRBAC = `
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: e2e-list-classes}, rules: [{apiGroups: [storage.k8s.io], resources: [storageclasses], verbs: [list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: e2e-get-one}, rules: [{apiGroups: [""], resources: [nodes], verbs: [get], resourceNames: [wind-1]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: dora}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-lister}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-list-classes}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: olga}, {apiGroup: rbac.authorization.k8s.io, kind: Group, name: listers}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-getter}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-get-one}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: gina}]
---
`

// RBAC on the upstream kind counts: users who may list it see all objects, and users who may get one by
// name can get that one. With --native-rbac=Ignore it does not count.
func TestNativeRBAC(t *testing.T) {
	// olga owns solar, too. The server caches RBAC decisions for some seconds, so no other test uses these
	// users.
	arrange(t, nativeRBAC+strings.Replace(solarAndWind, "  - <<: *all\n", "  - {<<: *all, name: olga}\n  - <<: *all\n", 1))
	list := func(config *rest.Config, resource string) []string {
		t.Helper()
		return testcluster.Names(testcluster.Get(t, config, kindOf(resource).Path()).List(t))
	}
	upstream := func(resource string) []string {
		t.Helper()
		return testcluster.Names(testcluster.Get(t, shared.Admin, kindOf(resource).UpstreamPath()).List(t))
	}
	compare := func(who, resource string, want, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s sees %s (-want +got):\n%s", who, resource, diff)
		}
	}
	t.Run("Union", func(t *testing.T) {
		for _, k := range kinds {
			resource := k.Upstream.Resource
			compare("H1 a member of system:masters", resource, upstream(resource), list(shared.As(t, "root", "system:masters"), resource))
			compare("H2 a cluster administrator", resource, upstream(resource), list(shared.As(t, "dora"), resource))
			want := ofSolar[resource]
			if resource == "storageclasses" {
				want = upstream(resource)
			}
			compare("H3 an owner who may list storage classes", resource, want, list(shared.As(t, "olga"), resource))
		}
		compare("a member of a group that may list storage classes", "storageclasses", upstream("storageclasses"), list(shared.As(t, "lisa", "listers"), "storageclasses"))
		// The permission to list includes get.
		testcluster.Get(t, shared.As(t, "lisa", "listers"), kindOf("storageclasses").Path()+"/tin").Expect(t, 200)
		testcluster.Get(t, shared.As(t, "lisa", "listers"), kindOf("nodes").Path()+"/wind-1").Expect(t, 404)
		gina := shared.As(t, "gina")
		compare("who may get one node", "nodes", nil, list(gina, "nodes"))
		testcluster.Get(t, gina, kindOf("nodes").Path()+"/wind-1").Expect(t, 200)
		testcluster.Get(t, gina, kindOf("nodes").Path()+"/solar-1").Expect(t, 404)
	})
	t.Run("H15 service accounts of kube-system are users like others", func(t *testing.T) {
		compare("a service account of kube-system", "nodes", nil, list(shared.As(t, "system:serviceaccount:kube-system:e2e-capsule"), "nodes"))
		compare("a service account that owns solar", "nodes", ofSolar["nodes"], list(shared.As(t, "system:serviceaccount:e2e-ci:bot"), "nodes"))
	})
	t.Run("H6 Ignore", func(t *testing.T) {
		shared.startServer(t, "--native-rbac=Ignore")
		for _, k := range kinds {
			resource := k.Upstream.Resource
			compare("a member of system:masters", resource, nil, list(shared.As(t, "root", "system:masters"), resource))
			compare("a cluster administrator", resource, nil, list(shared.As(t, "dora"), resource))
			compare("an owner", resource, ofSolar[resource], list(shared.As(t, "alice"), resource))
		}
		testcluster.Get(t, shared.As(t, "gina"), kindOf("nodes").Path()+"/wind-1").Expect(t, 404)
	})
}

// A ready server trusts kube-apiserver: it rejects no user's request because it has not read yet how
// kube-apiserver authenticates.
func TestReadyServerKnowsItsUsers(t *testing.T) {
	shared.restoreServer(t)
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	for range 3 {
		if err := shared.StopComponent(t.Context(), controlplane.Server); err != nil {
			t.Fatal(err)
		}
		if _, err := shared.StartComponent(t.Context(), controlplane.Server); err != nil {
			t.Fatal(err)
		}
		for _, config := range []*rest.Config{shared.DirectConfig(alice), alice} {
			if config == alice { // kube-apiserver checks by itself whether the server is back
				if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			list := testcluster.Get(t, config, kindOf("namespaces").Path()).List(t)
			if diff := cmp.Diff(ofSolar["namespaces"], testcluster.Names(list)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
}

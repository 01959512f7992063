// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
)

// An object that is hidden cannot be told from one that does not exist: the same status, headers and
// body, but for the name.
func TestHiddenIsAbsent(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.as(t, "alice")
	for _, k := range kinds {
		hidden := map[string]string{
			"namespaces": "wind-a", "storageclasses": "tin", "ingressclasses": "spare", "priorityclasses": "system-node-critical",
			"runtimeclasses": "runc", "nodes": "wind-1", "persistentvolumes": "wind-data",
		}[k.upstream.Resource]
		get(t, shared.admin, k.path()+"/"+hidden).expect(t, 200)
		absent := strings.Repeat("x", len(hidden))
		for _, accept := range []string{"application/json", asTable, "application/yaml"} {
			a, b := get(t, alice, k.path()+"/"+hidden, "Accept", accept).expect(t, 404), get(t, alice, k.path()+"/"+absent, "Accept", accept).expect(t, 404)
			if diff := cmp.Diff(strings.ReplaceAll(string(a.body), hidden, absent), string(b.body)); diff != "" {
				t.Errorf("%s (-hidden +absent):\n%s", k.resource, diff)
			}
			for _, header := range []string{"Audit-Id", "Date"} {
				a.header.Del(header)
				b.header.Del(header)
			}
			if diff := cmp.Diff(a.header, b.header); diff != "" {
				t.Errorf("%s headers (-hidden +absent):\n%s", k.resource, diff)
			}
		}
	}
	_, stderr, err := shared.tryKubectl(t, alice, "get", "tenantstorageclass", "tin")
	if want := "Error from server (NotFound): tenantstorageclasses.tenantview.capsule.dev \"tin\" not found\n"; err == nil || stderr != want {
		t.Errorf("kubectl says %q (%v)", stderr, err)
	}
}

// Nobody gets in without an identity, on either way, and nobody without a right on the API group.
func TestAccess(t *testing.T) {
	arrange(t, solarAndWind)
	path := kindOf("namespaces").path()
	nobody := rest.AnonymousClientConfig(shared.admin)
	liar := rest.AnonymousClientConfig(shared.admin)
	liar.BearerToken = "not-a-token"
	for name, direct := range map[string]bool{"through kube-apiserver": false, "direct": true} {
		t.Run(name, func(t *testing.T) {
			way := func(config *rest.Config) *rest.Config {
				if direct {
					return shared.DirectConfig(config)
				}
				return config
			}
			// kube-apiserver lets everybody in who says nothing, and allows him nothing; the server does not.
			get(t, way(nobody), path).expect(t, map[bool]int{false: 403, true: 401}[direct])
			get(t, way(liar), path).expect(t, 401)
			get(t, way(shared.as(t, "alice")), path).expect(t, 200)
			get(t, way(shared.admin), root+"/tenantnothings").expect(t, 404)
		})
	}
	t.Run("without the right on the group", func(t *testing.T) {
		removeTemporarily(t, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "tenantview-viewer")
		for name, config := range map[string]*rest.Config{"kube-apiserver": shared.as(t, "mallory"), "direct": shared.DirectConfig(shared.as(t, "mallory"))} {
			for _, p := range []string{path, path + "/solar-a"} {
				if s := get(t, config, p).expect(t, 403).status(t); !strings.Contains(s.Message, "cannot") {
					t.Errorf("%s: got %+v", name, s)
				}
			}
		}
		get(t, shared.admin, path).expect(t, 200)
	})
}

// removeTemporarily deletes an object until the test ends.
func removeTemporarily(t *testing.T, apiVersion, kind, name string) {
	t.Helper()
	o := &object{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetName(name)
	o = shared.read(t, o)
	shared.removeAll(t, []*object{o})
	t.Cleanup(func() { shared.restore(t, o) })
}

// Impersonation gives exactly the view of whom one acts as.
func TestImpersonation(t *testing.T) {
	arrange(t, solarAndWind)
	for _, k := range kinds {
		want := names(get(t, shared.as(t, "alice"), k.path()).expect(t, 200).list(t))
		if diff := cmp.Diff(ofSolar[k.upstream.Resource], want); diff != "" {
			t.Errorf("alice sees %s (-want +got):\n%s", k.resource, diff)
		}
		if diff := cmp.Diff(want, names(get(t, shared.impersonating("alice"), k.path()).expect(t, 200).list(t))); diff != "" {
			t.Errorf("as alice, %s (-alice +impersonator):\n%s", k.resource, diff)
		}
	}
	out := shared.kubectl(t, shared.admin, "get", "tns", "--as", "alice", "-o", "name")
	if strings.Count(out, "\n") != 2 {
		t.Errorf("kubectl --as alice prints %q", out)
	}
	// The impersonator's own rights do not count.
	if out := shared.kubectl(t, shared.admin, "get", "tns", "--as", "carol", "--as-group", "devs", "-o", "name"); out != "" {
		t.Errorf("kubectl --as carol prints %q", out)
	}
	get(t, impersonating(shared.as(t, "mallory"), "alice"), kindOf("namespaces").path()).expect(t, 403)
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

// RBAC on the upstream kind counts: who may list it sees all, who may get one by name sees that one by
// its name. With --native-rbac=Ignore it does not.
func TestNativeRBAC(t *testing.T) {
	// olga owns solar, too. What RBAC says of a user is remembered for some seconds, so that these users
	// are those of this test only.
	arrange(t, nativeRBAC+strings.Replace(solarAndWind, "  - <<: *all\n", "  - {<<: *all, name: olga}\n  - <<: *all\n", 1))
	list := func(config *rest.Config, resource string) []string {
		t.Helper()
		return names(get(t, config, kindOf(resource).path()).expect(t, 200).list(t))
	}
	upstream := func(resource string) []string {
		t.Helper()
		return names(get(t, shared.admin, kindOf(resource).upstreamPath()).expect(t, 200).list(t))
	}
	compare := func(who, resource string, want, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s sees %s (-want +got):\n%s", who, resource, diff)
		}
	}
	t.Run("Union", func(t *testing.T) {
		for _, k := range kinds {
			resource := k.upstream.Resource
			compare("H1 a member of system:masters", resource, upstream(resource), list(shared.as(t, "root", "system:masters"), resource))
			compare("H2 a cluster administrator", resource, upstream(resource), list(shared.as(t, "dora"), resource))
			want := ofSolar[resource]
			if resource == "storageclasses" {
				want = upstream(resource)
			}
			compare("H3 an owner who may list storage classes", resource, want, list(shared.as(t, "olga"), resource))
		}
		compare("a member of a group that may list storage classes", "storageclasses", upstream("storageclasses"), list(shared.as(t, "lisa", "listers"), "storageclasses"))
		// The right to list gives get, too.
		get(t, shared.as(t, "lisa", "listers"), kindOf("storageclasses").path()+"/tin").expect(t, 200)
		get(t, shared.as(t, "lisa", "listers"), kindOf("nodes").path()+"/wind-1").expect(t, 404)
		gina := shared.as(t, "gina")
		compare("who may get one node", "nodes", nil, list(gina, "nodes"))
		get(t, gina, kindOf("nodes").path()+"/wind-1").expect(t, 200)
		get(t, gina, kindOf("nodes").path()+"/solar-1").expect(t, 404)
	})
	t.Run("H15 service accounts of kube-system are users like others", func(t *testing.T) {
		compare("a service account of kube-system", "nodes", nil, list(shared.as(t, "system:serviceaccount:kube-system:e2e-capsule"), "nodes"))
		compare("a service account that owns solar", "nodes", ofSolar["nodes"], list(shared.as(t, "system:serviceaccount:e2e-ci:bot"), "nodes"))
	})
	t.Run("H6 Ignore", func(t *testing.T) {
		shared.startServer(t, "--native-rbac=Ignore")
		for _, k := range kinds {
			resource := k.upstream.Resource
			compare("a member of system:masters", resource, nil, list(shared.as(t, "root", "system:masters"), resource))
			compare("a cluster administrator", resource, nil, list(shared.as(t, "dora"), resource))
			compare("an owner", resource, ofSolar[resource], list(shared.as(t, "alice"), resource))
		}
		get(t, shared.as(t, "gina"), kindOf("nodes").path()+"/wind-1").expect(t, 404)
	})
}

// When the server says that it is ready, it believes kube-apiserver: no request of a user is refused
// because the server has not read yet how kube-apiserver proves who it is.
func TestReadyServerKnowsItsUsers(t *testing.T) {
	shared.restoreServer(t)
	arrange(t, solarAndWind)
	alice := shared.as(t, "alice")
	for range 3 {
		if err := shared.StopComponent(t.Context(), controlplane.Server); err != nil {
			t.Fatal(err)
		}
		if _, err := shared.StartComponent(t.Context(), controlplane.Server); err != nil {
			t.Fatal(err)
		}
		for _, config := range []*rest.Config{shared.DirectConfig(alice), alice} {
			if config == alice { // kube-apiserver looks for itself whether the server is there again
				if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			list := get(t, config, kindOf("namespaces").path()).expect(t, 200).list(t)
			if diff := cmp.Diff(ofSolar["namespaces"], names(list)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
}

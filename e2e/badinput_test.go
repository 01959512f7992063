// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// badObjects are objects that kube-apiserver stores although a part is invalid, each with the metric that
// counts it. The valid part of each grants victor something. Nothing else grants victor anything.
var badObjects = []struct {
	source, reason, yaml string
	// namespaces and classes are what victor sees because of the object.
	namespaces, classes []string
}{
	{"tenants", "Regex", `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: bad}
spec: {owners: [{kind: User, name: victor, proxySettings: [{kind: StorageClasses, operations: [List]}]}], storageClasses: {allowed: [gold], allowedRegex: "("}}
`, nil, []string{"gold"}},
	{"tenants", "Selector", `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: bad}
spec: {owners: [{kind: User, name: victor, proxySettings: [{kind: StorageClasses, operations: [List]}]}], storageClasses: {allowed: [tin], matchExpressions: [{key: env, operator: Foo}]}}
`, nil, []string{"tin"}},
	{"tenants", "Subject", `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: bad}
spec: {owners: [{kind: User, name: ""}, {kind: Robot, name: victor}, {name: victor}]}
`, nil, nil},
	{"tenants", "Kind", `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: bad}
spec: {owners: [{kind: User, name: victor, proxySettings: [{kind: Secrets, operations: [List]}, {kind: StorageClasses, operations: [List]}]}], storageClasses: {allowed: [gold]}}
`, nil, []string{"gold"}},
	{"tenants", "Operation", `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: bad}
spec: {owners: [{kind: User, name: victor, proxySettings: [{kind: StorageClasses, operations: [Everything]}]}]}
`, nil, nil},
	{"proxysettings", "Selector", `
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: bad, namespace: solar-a}
spec: {subjects: [{kind: User, name: victor, clusterResources: [{apiGroups: ["*"], resources: ["*"], operations: [List], selector: {matchExpressions: [{key: env, operator: In}]}}]}]}
`, []string{"solar-a", "solar-b"}, nil},
	{"proxysettings", "Decode", `
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: bad, namespace: solar-a}
spec: {subjects: [{kind: User, name: victor, clusterResources: [{apiGroups: ["*"], resources: ["*"], selector: {matchLabels: {env: 1}}}]}]}
`, nil, nil},
	{"globalproxysettings", "Operation", `
apiVersion: capsule.clastix.io/v1beta1
kind: GlobalProxySettings
metadata: {name: bad}
spec: {rules: [{subjects: [{kind: User, name: victor}], clusterResources: [{apiGroups: ["*"], resources: ["*"], operations: [Watch], selector: {matchLabels: {env: prod}}}]}]}
`, nil, nil},
	{"globalproxysettings", "Decode", `
apiVersion: capsule.clastix.io/v1beta1
kind: GlobalProxySettings
metadata: {name: bad}
spec: {rules: [{subjects: [{kind: User, name: victor}], clusterResources: [{apiGroups: ["*"], resources: ["*"], selector: {matchLabels: [env]}}]}]}
`, nil, nil},
	{"namespaces", "Tenant", `
apiVersion: v1
kind: Namespace
metadata: {name: bad, labels: {capsule.clastix.io/tenant: solar}, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: solar, uid: "00000000-0000-4000-8000-000000000001"}]}
`, nil, nil},
}

// An invalid part of an object grants nothing and is counted. It does not affect the rest of the object
// or other objects. When it is gone, it no longer counts.
func TestBadObjects(t *testing.T) {
	arrange(t, solarAndWind)
	logged := logSize(t)
	for _, bad := range badObjects {
		t.Run(bad.source+" "+bad.reason, func(t *testing.T) {
			counter := fmt.Sprintf("tenantview_invalid_objects{reason=%q,source=%q}", bad.reason, bad.source)
			before := shared.Metrics(t)[counter]
			t.Run("there", func(t *testing.T) {
				arrange(t, bad.yaml)
				if got := shared.Metrics(t)[counter]; got != before+1 {
					t.Errorf("%s is %v, was %v", counter, got, before)
				}
				victor := shared.As(t, "victor")
				for resource, want := range map[string][]string{"namespaces": bad.namespaces, "storageclasses": bad.classes, "nodes": nil} {
					if diff := cmp.Diff(want, testcluster.Names(testcluster.Get(t, victor, kindOf(resource).Path()).List(t))); diff != "" {
						t.Errorf("victor sees %s (-want +got):\n%s", resource, diff)
					}
				}
				requireOfSolar(t)
			})
			settle(t)
			if got := shared.Metrics(t)[counter]; got != before {
				t.Errorf("%s stays at %v, was %v", counter, got, before)
			}
		})
	}
	log, err := os.ReadFile(shared.LogFile(controlplane.Server))
	if err != nil {
		t.Fatal(err)
	}
	text := string(log[logged:])
	if strings.Contains(strings.ToLower(text), "panic") {
		t.Errorf("the log has a panic:\n%s", text)
	}
	// Each is logged once, so that administrators find it, and the log does not fill the disk.
	if got := strings.Count(text, "Ignoring invalid parts of an object"); got != len(badObjects) {
		t.Errorf("%d objects were logged, want %d:\n%s", got, len(badObjects), text)
	}
}

func logSize(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(shared.LogFile(controlplane.Server))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// requireOfSolar checks that alice sees all of solar, and nothing else.
func requireOfSolar(t *testing.T) {
	t.Helper()
	for _, k := range kinds {
		if diff := cmp.Diff(ofSolar[k.Upstream.Resource], testcluster.Names(testcluster.Get(t, shared.As(t, "alice"), k.Path()).List(t))); diff != "" {
			t.Errorf("alice sees %s (-want +got):\n%s", k.Resource(), diff)
		}
	}
}

// A Tenant may have as many owners as fit into etcd, and lose them again.
func TestManyOwners(t *testing.T) {
	tenant := func(from, to int) string {
		yaml := &strings.Builder{}
		yaml.WriteString("apiVersion: capsule.clastix.io/v1beta2\nkind: Tenant\nmetadata: {name: crowd}\nspec:\n  owners:\n")
		for i := from; i < to; i++ {
			fmt.Fprintf(yaml, "  - {kind: User, name: owner-%d}\n", i)
		}
		return yaml.String()
	}
	arrange(t, tenant(0, 10_000)+`---
apiVersion: v1
kind: Namespace
metadata: {name: crowd-a, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: crowd, uid: "uid-of-tenant:crowd"}]}
`)
	sees := func(owner string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, testcluster.Names(testcluster.Get(t, shared.Impersonating(owner), kindOf("namespaces").Path()).List(t))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", owner, diff)
		}
	}
	for _, owner := range []string{"owner-0", "owner-5000", "owner-9999"} {
		sees(owner, "crowd-a")
	}
	sees("owner-10000")
	shared.Update(t, tenant(5_000, 5_001))
	settle(t)
	sees("owner-0")
	sees("owner-5000", "crowd-a")
	sees("owner-9999")
}

// Names of objects and users may have 253 characters.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("a", 250) + ".io"
	arrange(t, fmt.Sprintf(`
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: %[1]s}
spec:
  owners: [{kind: User, name: %[1]s, proxySettings: [{kind: StorageClasses, operations: [List]}, {kind: Nodes, operations: [List]}]}]
  nodeSelector: {pool: long}
  storageClasses: {allowed: [%[1]s]}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: %[1]s}, provisioner: example.com/disk}
---
{apiVersion: v1, kind: Node, metadata: {name: %[1]s, labels: {pool: long}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: long-a, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: %[1]s, uid: "uid-of-tenant:%[1]s"}]}
`, long))
	owner := shared.Impersonating(long)
	for resource, want := range map[string]string{"storageclasses": long, "nodes": long, "namespaces": "long-a"} {
		path := kindOf(resource).Path()
		if diff := cmp.Diff([]string{want}, testcluster.Names(testcluster.Get(t, owner, path).List(t))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", resource, diff)
		}
		testcluster.Get(t, owner, path+"/"+want).Expect(t, 200)
		table(t, owner, path)
	}
	// Longer names, and names that no object can have, are simply not found.
	for _, name := range []string{strings.Repeat("b", 253), strings.Repeat("b", 5000), "A_B", "..%20", "%00"} {
		if a := testcluster.Get(t, owner, kindOf("nodes").Path()+"/"+name); a.Code != 404 && a.Code != 400 {
			t.Errorf("%.20s: got %d: %s", name, a.Code, a.Body)
		}
	}
}

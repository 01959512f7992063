// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package world_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/hack/bench/world"
)

func newWorld(t *testing.T, p world.Params) *world.World {
	t.Helper()
	w, err := world.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A later run uses the seeded state of an earlier one, so the same parameters must give the same objects.
func TestDeterminism(t *testing.T) {
	params := world.Params{Namespaces: 2_000, RoleBindings: 9, Seed: 1}
	a, b := newWorld(t, params), newWorld(t, params)
	params.Seed = 2
	other := newWorld(t, params)
	different := make(map[string]bool)
	for n, k := range a.Kinds() {
		for i := k.Count - 1; i >= 0; i-- { // in another order than that of b
			first := k.Make(i)
			if diff := cmp.Diff(first, b.Kinds()[n].Make(i)); diff != "" {
				t.Fatalf("%s %d (-first +second):\n%s", k.Resource, i, diff)
			}
			if !cmp.Equal(first, other.Kinds()[n].Make(i)) {
				different[k.Resource] = true
			}
		}
	}
	want := map[string]bool{"tenants": true, "namespaces": true, "persistentvolumes": true, "proxysettings": true}
	if diff := cmp.Diff(want, different); diff != "" {
		t.Errorf("kinds that depend on the seed (-want +got):\n%s", diff)
	}
}

func TestCounts(t *testing.T) {
	for size, want := range map[string]map[string]int{
		"small":  {"tenants": 392, "namespaces": 5_000, "rolebindings": 10_000, "nodes": 50, "persistentvolumes": 500, "proxysettings": 50},
		"medium": {"tenants": 4_892, "namespaces": 50_000, "rolebindings": 100_000, "nodes": 500, "persistentvolumes": 5_000, "proxysettings": 500},
		"large":  {"tenants": 19_892, "namespaces": 200_000, "rolebindings": 400_000, "nodes": 1_000, "persistentvolumes": 20_000, "proxysettings": 2_000},
	} {
		want["storageclasses"], want["globalproxysettings"] = 50, 5
		for _, resource := range []string{"ingressclasses", "priorityclasses", "runtimeclasses"} {
			want[resource] = 20
		}
		got := make(map[string]int)
		for _, k := range newWorld(t, world.Params{Namespaces: world.Sizes[size], RoleBindings: 2}).Kinds() {
			got[k.Resource] = k.Count
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", size, diff)
		}
	}
}

// Keys in etcd must not collide, and owner references must name an existing Tenant with its UID.
func TestObjects(t *testing.T) {
	w := newWorld(t, world.Params{Namespaces: 2_000, RoleBindings: 9, Seed: 1})
	names, uids, tenants := make(map[string]bool), make(map[types.UID]bool), make(map[types.UID]string)
	of := make(map[string]int)
	for _, k := range w.Kinds() {
		for i := range k.Count {
			m, err := meta.Accessor(k.Make(i))
			if err != nil {
				t.Fatal(err)
			}
			key := k.Resource + "/" + m.GetNamespace() + "/" + m.GetName()
			if names[key] || uids[m.GetUID()] || m.GetUID() == "" || m.GetResourceVersion() != "" {
				t.Fatalf("%s has a name or UID of another object, or a resourceVersion", key)
			}
			names[key], uids[m.GetUID()] = true, true
			if k.Resource == "tenants" {
				tenants[m.GetUID()] = m.GetName()
			}
			for _, owner := range m.GetOwnerReferences() {
				if tenants[owner.UID] != owner.Name {
					t.Fatalf("%s: no Tenant %s has UID %s", key, owner.Name, owner.UID)
				}
				if k.Resource == "namespaces" {
					of[owner.Name]++
				}
			}
		}
	}
	for tenant := range w.Tenants() {
		first, count := w.NamespacesOf(tenant)
		if got := of[w.TenantName(tenant)]; got != count {
			t.Errorf("tenant %d has %d namespaces, want %d", tenant, got, count)
		}
		if w.TenantOf(first) != tenant || w.TenantOf(first+count-1) != tenant {
			t.Errorf("tenant %d does not have the namespaces from %d to %d", tenant, first, first+count-1)
		}
	}
}

func TestWrongParams(t *testing.T) {
	for _, p := range []world.Params{{Namespaces: 100}, {Namespaces: 5_050}, {Namespaces: 5_000, RoleBindings: 10}, {Namespaces: 5_000, RoleBindings: -1}} {
		if _, err := world.New(p); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
}

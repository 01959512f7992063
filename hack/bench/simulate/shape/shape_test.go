// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

var small = shape.Shape{Namespaces: 100, Tenants: 7, Owners: 20, RoleBindings: 250, ProxySettings: 9, Nodes: 5, Volumes: 30}

// Runs are compared with each other, so the same shape must give the same objects, in any order.
func TestDeterminism(t *testing.T) {
	a, b := small.Resources(), small.Resources()
	for n := range a {
		for i := a[n].Count - 1; i >= 0; i-- {
			if diff := cmp.Diff(a[n].Make(i), b[n].Make(i)); diff != "" {
				t.Fatalf("%s %d (-first +second):\n%s", a[n].Resource, i, diff)
			}
			if a[n].Change == nil {
				continue
			}
			if diff := cmp.Diff(a[n].Change(i, 3), b[n].Change(i, 3)); diff != "" {
				t.Fatalf("change of %s %d (-first +second):\n%s", a[n].Resource, i, diff)
			}
		}
	}
}

// A change that changes nothing would cost nothing.
func TestChanges(t *testing.T) {
	for _, r := range small.Resources() {
		if r.Change == nil {
			continue
		}
		before := r.Make(2)
		for round := range 20 {
			after := r.Change(2, round)
			if cmp.Equal(before, after) {
				t.Errorf("%s: change %d changes nothing", r.Resource, round)
			}
			first, _ := meta.Accessor(before)
			second, _ := meta.Accessor(after)
			if first.GetName() != second.GetName() || first.GetUID() != second.GetUID() {
				t.Errorf("%s: change %d is of another object", r.Resource, round)
			}
			before = after
		}
	}
}

// The numbers are those that the model counts with, no two objects have the same name, and each namespace is of an
// existing Tenant.
func TestObjects(t *testing.T) {
	want := map[string]int{
		"tenants": 7, "namespaces": 100, "rolebindings": 250, "nodes": 5, "persistentvolumes": 30, "storageclasses": 50, "ingressclasses": 20,
		"priorityclasses": 20, "runtimeclasses": 20, "clusterroles": 4, "roles": 0, "proxysettings": 9, "globalproxysettings": 5,
	}
	got, names, tenants, owners := map[string]int{}, map[string]bool{}, map[types.UID]bool{}, map[string]bool{}
	of := map[types.UID]int{}
	for _, r := range small.Resources() {
		resource := r.Resource
		got[resource] = r.Count
		for i := range r.Count {
			o := r.Make(i)
			m, err := meta.Accessor(o)
			if err != nil {
				t.Fatal(err)
			}
			if key := resource + "/" + m.GetNamespace() + "/" + m.GetName(); names[key] || m.GetName() == "" {
				t.Errorf("%s is there twice", key)
			} else {
				names[key] = true
			}
			if m.GetNamespace() != "" && !names["namespaces//"+m.GetNamespace()] {
				t.Errorf("%s %s is in namespace %s, which does not exist", resource, m.GetName(), m.GetNamespace())
			}
			switch resource {
			case "tenants":
				tenants[m.GetUID()] = true
				tenant, err := capsule.Decode[capsule.Tenant](o.(*unstructured.Unstructured))
				if err != nil {
					t.Fatal(err)
				}
				for _, owner := range tenant.Spec.Owners {
					owners[owner.Name] = true
				}
			case "namespaces":
				of[m.GetOwnerReferences()[0].UID]++
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if want := 2*small.Tenants + small.Owners; len(owners) != want {
		t.Errorf("%d owners, want %d", len(owners), want)
	}
	for uid, n := range of {
		if !tenants[uid] || n < 14 || n > 15 {
			t.Errorf("Tenant %s has %d namespaces", uid, n)
		}
	}
	total := 0
	for tenant := range small.Tenants {
		total += small.NamespacesOf(tenant)
	}
	if total != small.Namespaces {
		t.Errorf("the Tenants have %d namespaces", total)
	}
}

func TestValidate(t *testing.T) {
	if err := shape.Usual(5_000, 9).Validate(); err != nil {
		t.Error(err)
	}
	for want, s := range map[string]shape.Shape{
		"tenants: -1":     {Tenants: -1},
		"need namespaces": {Tenants: 1, Volumes: 1},
		"need tenants":    {Namespaces: 1},
		"more than the 9": {Namespaces: 1, Tenants: 1, RoleBindings: 10},
	} {
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want an error with %q", s, err, want)
		}
	}
}

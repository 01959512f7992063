// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/pkg/grants"
)

// Capsule rewrites the status all the time, and a relist delivers every object again. An unchanged
// object must have no effect, and a change must affect only what depends on it.
func TestPutsThatChangeNothing(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	solar := tenant("solar", "1", "storageClasses: {allowed: [gold]}")
	setting := proxySetting("a", "ps")
	bound := binding("a", "rb", "ClusterRole r")
	f.Put(solar, namespace("a", "solar", "1"), setting, bound, role("", "r", "get"))
	f.Cluster.GoLive()
	owners := []any{map[string]any{"kind": "User", "name": "carol"}}
	annotated := bound.DeepCopy()
	annotated.SetAnnotations(map[string]string{"a": "b"})
	toCarol := bound.DeepCopy()
	toCarol.Object["subjects"].([]any)[0].(map[string]any)["name"] = "carol"
	steps := []struct {
		what string
		put  *unstructured.Unstructured
		// again are the origins that give their grants again.
		again []string
	}{
		{what: "the same Tenant", put: solar},
		{what: "a Tenant's status", put: with(solar, "status", map[string]any{"size": int64(2), "namespaces": []any{"a"}})},
		{what: "a Tenant's owner by its status", put: with(solar, "status", map[string]any{"owners": owners}), again: []string{"tenants solar"}},
		{what: "the same owner", put: with(solar, "status", map[string]any{"owners": owners, "size": int64(2)})},
		{what: "a Tenant's owners", put: tenant("solar", "1", "owners: [{kind: User, name: carol}], storageClasses: {allowed: [gold]}"), again: []string{"tenants solar"}},
		{what: "a Tenant's classes", put: tenant("solar", "1", "storageClasses: {allowed: [gold, tin]}"), again: []string{"proxysettings solar", "tenants solar"}},
		{what: "an empty list of classes", put: tenant("solar", "1", "storageClasses: {}"), again: []string{"proxysettings solar", "tenants solar"}},
		{what: "no list of classes", put: tenant("solar", "1", ""), again: []string{"proxysettings solar", "tenants solar"}},
		{what: "the same setting", put: setting},
		{what: "a setting's status", put: with(setting, "status", map[string]any{"conditions": []any{}})},
		{what: "a setting's spec", put: with(setting, "spec", map[string]any{"subjects": owners}), again: []string{"proxysettings solar"}},
		{what: "the same binding", put: bound},
		{what: "a binding's annotations", put: annotated},
		{what: "a binding's subjects", put: toCarol, again: []string{"rolebindings a/rb"}},
	}
	before := f.Cluster.Given()
	for _, s := range steps {
		f.Put(s.put)
		given := f.Cluster.Given()
		var again []string
		for origin, held := range given {
			if before[origin] != held {
				again = append(again, origin)
			}
		}
		slices.Sort(again)
		if diff := cmp.Diff(s.again, again); diff != "" || len(given) != len(before) {
			t.Errorf("%s: origins that give grants again (-want +got):\n%s", s.what, diff)
		}
		before = given
	}
	// A Tenant of the same name and spec is a different one if its uid differs.
	f.Put(tenant("solar", "2", ""))
	if got := sees(t, f, "alice"); got != "" {
		t.Errorf("alice sees %q of a Tenant that was recreated", got)
	}
}

// An object that returns to its old state after an error does not count as unchanged.
func TestPutsAfterAnObjectThatCannotBeDecoded(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	objects := []*unstructured.Unstructured{tenant("solar", "1", "storageClasses: {allowed: [gold], allowedRegex: '('}"), proxySetting("a", "ps")}
	f.Put(storageClass("gold"), namespace("a", "solar", "1"), objects[0], objects[1])
	f.Cluster.GoLive()
	invalid := f.Cluster.Invalid()
	for _, o := range objects {
		f.Put(broken(o))
		if got := sees(t, f, "bob"); got != "" {
			t.Errorf("bob sees %q", got)
		}
		f.Put(o)
		if got := sees(t, f, "bob"); got != "a gold" {
			t.Errorf("when %s can be decoded again, bob sees %q", o.GetKind(), got)
		}
		if diff := cmp.Diff(invalid, f.Cluster.Invalid()); diff != "" {
			t.Errorf("invalid objects when %s can be decoded again (-want +got):\n%s", o.GetKind(), diff)
		}
	}
}

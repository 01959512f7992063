// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/tenancy"
	"capsule.dev/tenantview/pkg/view"
)

// A user who may write RoleBindings can write many that grant nothing. A change of a role must
// not iterate over them.
func TestBindingsWithoutSubjectsAreNotKept(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Cluster.GoLive()
	before := f.Cluster.Footprint()
	named := binding("a", "rb", "ClusterRole r")
	for _, subjects := range []any{nil, []any{}, []any{map[string]any{"kind": "User", "name": "bob"}}, []any{map[string]any{"kind": "ServiceAccount", "name": ""}}} {
		f.Put(with(named, "subjects", subjects))
		if diff := cmp.Diff(before, f.Cluster.Footprint()); diff != "" {
			t.Errorf("the Cluster remembers a binding of subjects %v (-nothing +got):\n%s", subjects, diff)
		}
	}
	f.Put(named, role("", "r", "get"), namespace("a", "", ""))
	if got := sees(t, f, "bob"); got != "a" {
		t.Errorf("bob sees %q", got)
	}
	f.Put(with(named, "subjects", nil))
	if got := sees(t, f, "bob"); got != "" {
		t.Errorf("bob sees %q through a binding that has lost its subjects", got)
	}
}

// A change of a role touches only the bindings that it affects.
func TestRolesThatChange(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Put(namespace("a", "", ""), namespace("b", "", ""), binding("a", "rb", "ClusterRole r"), binding("b", "rb", "ClusterRole r"))
	f.Cluster.GoLive()
	naming := func(names ...any) any {
		return []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"namespaces"}, "verbs": []any{"get"}, "resourceNames": names}}
	}
	clusterRole := role("", "r", "get")
	steps := []struct {
		what  string
		rules any
		// want is what bob sees. again are the bindings that give their grants again.
		want  string
		again []string
	}{
		{"names one", naming("a"), "a", []string{"rolebindings a/rb"}},
		{"names it and others", naming("a", "x", "y"), "a", nil},
		{"names both", naming("b", "a"), "a b", []string{"rolebindings b/rb"}},
		{"names none, which is all", naming(), "a b", nil},
		{"names the other", naming("b"), "b", nil},
		{"allows nothing", []any{}, "", nil},
		{"allows nothing, in other words", []any{map[string]any{"verbs": []any{"list"}, "apiGroups": []any{""}, "resources": []any{"namespaces"}}}, "", nil},
		{"names both again", naming("a", "b"), "a b", []string{"rolebindings a/rb", "rolebindings b/rb"}},
	}
	before := f.Cluster.Given()
	for _, s := range steps {
		f.Put(with(clusterRole, "rules", s.rules))
		if got := sees(t, f, "bob"); got != s.want {
			t.Errorf("%s: bob sees %q, want %q", s.what, got, s.want)
		}
		given := f.Cluster.Given()
		var again []string
		for _, key := range []string{"rolebindings a/rb", "rolebindings b/rb"} {
			if given[key] != nil && given[key] != before[key] {
				again = append(again, key)
			}
		}
		if diff := cmp.Diff(s.again, again); diff != "" {
			t.Errorf("%s: bindings that give grants again (-want +got):\n%s", s.what, diff)
		}
		before = given
	}
}

// manyNames is the number of names that fit into an object of etcd.
const manyNames, manyBindings = 300_000, 2_000

// bindToOneRole returns the sink of a cluster with many bindings to one ClusterRole, and two
// versions of that role. Both name many namespaces. They differ in one that has no binding.
func bindToOneRole(names, bindings int) (*tenancy.Sink[grants.NamespaceGet], [2]tenancy.Item[grants.NamespaceGet]) {
	var granted []grants.Kind
	for _, k := range kinds.All(kinds.Options{}) {
		granted = append(granted, k.Kind)
	}
	c := tenancy.New(granted, grants.DefaultPolicy(), nil)
	c.GoLive()
	to := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "r"}
	for i := range bindings {
		c.RoleBindings().Put(tenancy.Item[tenancy.Binding]{
			Key:   tenancy.Key{Namespace: fmt.Sprintf("bound-%d", i), Name: "rb"},
			Value: tenancy.Binding{Role: to, Subjects: []view.Subject{view.User("bob")}},
		})
	}
	allowed := func(extra string) tenancy.Item[grants.NamespaceGet] {
		all := []string{extra}
		for i := range names {
			all = append(all, fmt.Sprintf("named-%d", i))
		}
		return tenancy.Item[grants.NamespaceGet]{Key: tenancy.Key{Name: "r"}, Value: grants.OfClusterRole([]rbacv1.PolicyRule{{
			Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"namespaces"}, ResourceNames: all,
		}})}
	}
	return c.ClusterRoles(), [2]tenancy.Item[grants.NamespaceGet]{allowed("x"), allowed("y")}
}

// All users wait while a change is applied. Its time must not be the product of the names in a
// role and the bindings to it.
func TestARoleOfManyNamesIsAppliedAtOnce(t *testing.T) {
	quickest := func(names int) time.Duration {
		roles, variants := bindToOneRole(names, manyBindings)
		best := time.Hour
		for i := range 10 {
			start := time.Now()
			roles.Put(variants[i%2])
			best = min(best, time.Since(start))
		}
		return best
	}
	// With a list instead of a set, it takes more than a hundred times as long.
	if few, many := quickest(10), quickest(manyNames/10); many > 20*few {
		t.Errorf("applying a role takes %[2]v if it names %[1]d namespaces, and %[3]v if it names 10", manyNames/10, many, few)
	}
}

// Most roles that change still allow the same as before. One example is admin, which has bindings
// in whole clusters.
func TestARoleThatStaysTheSameCostsNothing(t *testing.T) {
	quickest := func(bindings int) time.Duration {
		roles, _ := bindToOneRole(0, bindings)
		whatever := tenancy.Item[grants.NamespaceGet]{Key: tenancy.Key{Name: "r"}, Value: grants.OfClusterRole([]rbacv1.PolicyRule{{
			Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"},
		}})}
		best := time.Hour
		for range 20 {
			start := time.Now()
			roles.Put(whatever)
			best = min(best, time.Since(start))
		}
		return best
	}
	if few, many := quickest(1), quickest(5*manyBindings); many > 20*few {
		t.Errorf("applying an unchanged role takes %[2]v with %[1]d bindings, and %[3]v with a single one", 5*manyBindings, many, few)
	}
}

// BenchmarkClusterRoleOfManyNames changes a ClusterRole without any effect on its bindings.
func BenchmarkClusterRoleOfManyNames(b *testing.B) {
	roles, variants := bindToOneRole(manyNames, manyBindings)
	for i := 0; b.Loop(); i++ {
		roles.Put(variants[i%2])
	}
}

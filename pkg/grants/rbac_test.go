// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// A Role that names another namespace, or a ClusterRole that names one, must not show any other
// namespace.
func TestRolesThatAllowToGetNamespaces(t *testing.T) {
	type rules = []rbacv1.PolicyRule
	list := func(s ...string) []string { return s }
	cases := map[string]struct {
		rules rules
		// any is true if the role allows its subjects to get every namespace. Otherwise, it allows
		// those that it names.
		any   bool
		names []string
	}{
		"no rules":           {},
		"get namespaces":     {rules{{Verbs: list("get"), APIGroups: list(""), Resources: list("namespaces")}}, true, nil},
		"among others":       {rules{{Verbs: list("list", "get"), APIGroups: list("apps", ""), Resources: list("pods", "namespaces")}}, true, nil},
		"every verb":         {rules{{Verbs: list("*"), APIGroups: list(""), Resources: list("namespaces")}}, true, nil},
		"every group":        {rules{{Verbs: list("get"), APIGroups: list("*"), Resources: list("namespaces")}}, true, nil},
		"every resource":     {rules{{Verbs: list("get"), APIGroups: list(""), Resources: list("*")}}, true, nil},
		"another verb":       {rules: rules{{Verbs: list("list", "watch", "GET"), APIGroups: list(""), Resources: list("namespaces")}}},
		"another group":      {rules: rules{{Verbs: list("get"), APIGroups: list("v1"), Resources: list("namespaces")}}},
		"a subresource":      {rules: rules{{Verbs: list("get"), APIGroups: list(""), Resources: list("namespaces/status", "*/namespaces")}}},
		"no groups":          {rules: rules{{Verbs: list("get"), Resources: list("namespaces")}}},
		"URLs":               {rules: rules{{Verbs: list("get"), NonResourceURLs: list("*")}}},
		"spread over rules":  {rules: rules{{Verbs: list("get"), APIGroups: list("")}, {APIGroups: list(""), Resources: list("namespaces")}}},
		"names":              {rules{{Verbs: list("get"), APIGroups: list(""), Resources: list("namespaces"), ResourceNames: list("a", "b")}}, false, list("a", "b")},
		"names of two rules": {rules{{Verbs: list("get"), APIGroups: list(""), Resources: list("namespaces"), ResourceNames: list("a")}, {Verbs: list("*"), APIGroups: list("*"), Resources: list("*"), ResourceNames: list("b")}}, false, list("a", "b")},
		"names, and any":     {rules{{Verbs: list("get"), APIGroups: list(""), Resources: list("namespaces"), ResourceNames: list("a")}, {Verbs: list("get"), APIGroups: list(""), Resources: list("namespaces")}}, true, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := grants.OfClusterRole(tc.rules)
			for _, namespace := range []string{"a", "b", "z", "*", ""} {
				want := tc.any || slices.Contains(tc.names, namespace)
				if got.Allows(namespace) != want {
					t.Errorf("as a ClusterRole, it allows get of namespace %q: %t, want %t", namespace, !want, want)
				}
				role := grants.OfRole(namespace, tc.rules)
				if role.Allows(namespace) != want || role.IsZero() == want {
					t.Errorf("as a Role in namespace %q, it allows get of it: %t, want %t", namespace, !want, want)
				}
			}
			if want := !tc.any && len(tc.names) == 0; got.IsZero() != want {
				t.Errorf("it allows get of no namespace: %t, want %t", !want, want)
			}
		})
	}
}

// If SameEverywhere is true, the bindings to a role are not reevaluated. If it were true for roles
// that differ, a binding would still grant what its role no longer allows.
func TestRolesThatAllowTheSame(t *testing.T) {
	named := func(names ...string) grants.NamespaceGet {
		return grants.OfClusterRole([]rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"namespaces"}, ResourceNames: names}})
	}
	roles := map[string]grants.NamespaceGet{"none": {}, "any": named(), "a": named("a"), "b": named("b")}
	for from, a := range roles {
		for to, b := range roles {
			want := from == to && (from == "none" || from == "any")
			if got := a.SameEverywhere(b); got != want {
				t.Errorf("%s and %s are the same everywhere: %t, want %t", from, to, got, want)
			}
		}
	}
}

func TestRoleBindings(t *testing.T) {
	const rbac = rbacv1.GroupName
	subjects := grants.BindingSubjects("home", []rbacv1.Subject{
		{APIGroup: rbac, Kind: "User", Name: "alice"},
		{APIGroup: rbac, Kind: "Group", Name: "devs"},
		{Kind: "ServiceAccount", Namespace: "ci", Name: "bot"},
		// None of these names a user.
		{APIGroup: rbac, Kind: "User"},
		{APIGroup: rbac, Kind: "Group"},
		{APIGroup: rbac, Kind: "Robot", Name: "r"},
		{APIGroup: rbac, Kind: "ServiceAccount", Namespace: "ci", Name: "other"},
		{Kind: "ServiceAccount", Namespace: "ci"},
	})
	want := []view.Subject{view.User("alice"), view.Group("devs"), view.User("system:serviceaccount:ci:bot")}
	if diff := cmp.Diff(want, subjects); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	got := show(grants.NewRules(kinds(), grants.DefaultPolicy()).OfRoleBinding("solar-a", true, subjects))
	wantGrants := lines("User alice: list get namespaces name/solar-a", "Group devs: list get namespaces name/solar-a",
		"User system:serviceaccount:ci:bot: list get namespaces name/solar-a")
	if diff := cmp.Diff(wantGrants, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

// A user who can make a namespace look like a Tenant's can show it, and its contents, to others.
func TestTenantRefOf(t *testing.T) {
	ref := metav1.OwnerReference{APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: "solar", UID: "1"}
	with := func(change func(*metav1.OwnerReference)) metav1.OwnerReference {
		r := ref
		change(&r)
		return r
	}
	solar := grants.TenantRef{Name: "solar", UID: "1"}
	cases := map[string]struct {
		owners []metav1.OwnerReference
		want   grants.TenantRef
		ok     bool
		claims bool
	}{
		"none":             {},
		"one":              {owners: []metav1.OwnerReference{ref}, want: solar, ok: true, claims: true},
		"another version":  {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "capsule.clastix.io/v1" })}, want: solar, ok: true, claims: true},
		"no version":       {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "capsule.clastix.io" })}},
		"another group":    {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "evil.capsule.clastix.io/v1beta2" })}},
		"another kind":     {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.Kind = "tenant" })}},
		"among others":     {owners: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Tenant", Name: "x", UID: "2"}, ref, {APIVersion: "v1", Kind: "Pod", Name: "y", UID: "3"}}, want: solar, ok: true, claims: true},
		"two":              {owners: []metav1.OwnerReference{ref, with(func(r *metav1.OwnerReference) { r.Name = "wind" })}, claims: true},
		"the same twice":   {owners: []metav1.OwnerReference{ref, ref}, claims: true},
		"without a uid":    {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.UID = "" })}, claims: true},
		"without a name":   {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.Name = "" })}, claims: true},
		"not a controller": {owners: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { no := false; r.Controller = &no })}, want: solar, ok: true, claims: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := grants.TenantRefOf(tc.owners)
			if ok != tc.ok || (ok && got != tc.want) {
				t.Errorf("refers to %+v, %t; want %+v, %t", got, ok, tc.want, tc.ok)
			}
			if claims := grants.ClaimsTenant(tc.owners); claims != tc.claims {
				t.Errorf("claims a tenant: %t, want %t", claims, tc.claims)
			}
		})
	}
}

// kube-apiserver admits a service account without a namespace, and uses the binding's namespace.
func TestServiceAccountOfTheBindingsNamespace(t *testing.T) {
	got := grants.BindingSubjects("home", []rbacv1.Subject{{Kind: "ServiceAccount", Name: "bot"}})
	if diff := cmp.Diff([]view.Subject{view.User("system:serviceaccount:home:bot")}, got); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// If a subject were ignored silently, users could not find out why it gets nothing.
func TestGroupsOfEverybodyAreReported(t *testing.T) {
	setting := parse[capsule.ProxySetting](t, `spec: {subjects: [
		{kind: Group, name: "system:authenticated"}, {kind: Group, name: "system:serviceaccounts"}, {kind: Group, name: "system:unauthenticated"},
		{kind: Group, name: "system:serviceaccounts:ci"}, {kind: User, name: "system:authenticated"}]}`)
	tenant := parse[capsule.Tenant](t, `metadata: {name: solar}`)
	const spaces = ": list get namespaces partition/solar"
	others := lines("Group system:serviceaccounts:ci"+spaces, "User system:authenticated"+spaces)
	for policy, tc := range map[grants.TenantSubjects]struct{ want, problems []string }{
		grants.TenantSubjectsNoEverybody: {others, []string{grants.ReasonEverybody, grants.ReasonEverybody, grants.ReasonEverybody}},
		"":                               {others, []string{grants.ReasonEverybody, grants.ReasonEverybody, grants.ReasonEverybody}},
		grants.TenantSubjectsAny: {want: lines(append(others, "Group system:authenticated"+spaces, "Group system:serviceaccounts"+spaces,
			"Group system:unauthenticated"+spaces)...)},
	} {
		held, problems := grants.NewRules(kinds(), grants.Policy{TenantSubjects: policy}).OfProxySettings([]*capsule.ProxySetting{setting}, tenant)
		if diff := cmp.Diff(tc.want, show(held)); diff != "" {
			t.Errorf("%q: grants (-want +got):\n%s", policy, diff)
		}
		if diff := cmp.Diff(tc.problems, reasons(problems[0])); diff != "" {
			t.Errorf("%q: problems (-want +got):\n%s", policy, diff)
		}
	}
}

func TestRoleBindingsOfEverybody(t *testing.T) {
	subjects := []view.Subject{view.Group("system:authenticated"), view.User("bob"), view.Group("system:serviceaccounts"), view.Group("system:unauthenticated")}
	all := lines("User bob: list get namespaces name/a", "Group system:authenticated: list get namespaces name/a",
		"Group system:serviceaccounts: list get namespaces name/a", "Group system:unauthenticated: list get namespaces name/a")
	for name, tc := range map[string]struct {
		policy   grants.TenantSubjects
		ofTenant bool
		want     []string
	}{
		"of a tenant":              {grants.TenantSubjectsNoEverybody, true, all[3:]},
		"of no tenant":             {grants.TenantSubjectsNoEverybody, false, all},
		"of a tenant, any subject": {grants.TenantSubjectsAny, true, all},
	} {
		held := grants.NewRules(kinds(), grants.Policy{TenantSubjects: tc.policy}).OfRoleBinding("a", tc.ofTenant, subjects)
		if diff := cmp.Diff(tc.want, show(held)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(subjects) != 4 || subjects[0] != view.Group("system:authenticated") {
		t.Errorf("the subjects of the binding itself have changed to %v", subjects)
	}
}

// The policy does not affect what administrators write.
func TestOwnersAndGlobalSettingsMayNameEverybody(t *testing.T) {
	rules := grants.NewRules(kinds(), grants.DefaultPolicy())
	held, problems := rules.OfTenant(parse[capsule.Tenant](t, `{metadata: {name: solar}, spec: {owners: [{kind: Group, name: "system:authenticated"}]}}`))
	global, more := rules.OfGlobalProxySetting(parse[capsule.GlobalProxySetting](t,
		`spec: {rules: [{subjects: [{kind: Group, name: "system:authenticated"}], clusterResources: [{apiGroups: [''], resources: [nodes], selector: {matchLabels: {t: x}}}]}]}`))
	want := lines("Group system:authenticated: list get namespaces partition/solar", "Group system:authenticated: list get nodes label/1:t=x")
	if diff := cmp.Diff(want, show(append(held, global...))); diff != "" || len(problems)+len(more) > 0 {
		t.Errorf("problems %v %v, grants (-want +got):\n%s", problems, more, diff)
	}
}

// Owners may have different operations on a kind. A ProxySetting may pass on the union of them, and
// no others.
func TestOperationsWithinThoseOfOwners(t *testing.T) {
	const all = "operations: [List, Get, Update, Delete]"
	setting := parse[capsule.ProxySetting](t, `spec: {subjects: [{kind: User, name: bob,
		proxySettings: [{kind: Nodes, `+all+`}, {kind: StorageClasses, `+all+`}, {kind: IngressClasses, `+all+`}],
		clusterResources: [{apiGroups: ['*'], resources: ['*'], `+all+`, selector: {matchLabels: {t: x}}}]}]}`)
	tenant := parse[capsule.Tenant](t, `{metadata: {name: solar}, spec: {nodeSelector: {pool: a}, storageClasses: {allowed: [gold]}, ingressOptions: {allowedClasses: {allowed: [public]}}, owners: [
		{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [List, Update]}, {kind: IngressClasses, operations: [Update]}]},
		{kind: Group, name: devs, proxySettings: [{kind: Nodes, operations: [List, Delete]}, {kind: Pods, operations: [List]}]},
		{kind: Robot, name: r, proxySettings: [{kind: StorageClasses, operations: [List]}]}]}}`)
	policy := grants.DefaultPolicy()
	policy.ProxySettingGrants = grants.ProxySettingGrantsOwners
	rules := grants.NewRules(kinds(), policy)
	held, problems := rules.OfProxySettings([]*capsule.ProxySetting{setting}, tenant)
	solar, pool, x := view.Partition("solar"), view.Label("pool", "a"), view.Label("t", "x")
	want := lines("User bob: list get namespaces "+solar.Key(), "User bob: list get namespaces "+view.And(solar, x).Key(),
		"User bob: list get update delete nodes "+pool.Key(), "User bob: list get update delete nodes "+view.And(pool, x).Key())
	if diff := cmp.Diff(want, show(held)); diff != "" || problems[0] != nil {
		t.Errorf("problems %v, grants (-want +got):\n%s", problems, diff)
	}
	other := *tenant
	other.Spec.Owners = other.Spec.Owners[1:]
	if !rules.SameOwnerOperations(tenant, tenant) || rules.SameOwnerOperations(tenant, &other) {
		t.Error("owners with fewer operations count as the same")
	}
	if !grants.NewRules(kinds(), grants.DefaultPolicy()).SameOwnerOperations(tenant, &other) {
		t.Error("owners matter although the policy does not depend on them")
	}
}

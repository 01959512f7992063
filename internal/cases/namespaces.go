// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// collected is the reason why owner references to missing Tenants exist only in runs in memory.
const collected = "the garbage collector deletes namespaces whose owner does not exist"

// namespaces returns the cases of which namespaces belong to a Tenant, and of RoleBindings.
func namespaces() []Case {
	solar := func() *object { return tenant("solar", ownedBy("User alice")) }
	wind := func() *object { return tenant("wind", ownedBy("User wanda")) }
	labelled := func(name, tenant string, owners ...metav1.OwnerReference) *object {
		return withOwners(namespace(name, "{capsule.clastix.io/tenant: "+tenant+"}"), owners...)
	}
	refTo := func(tenant string, change func(*metav1.OwnerReference)) metav1.OwnerReference {
		ref := ownerRef(tenant)
		change(&ref)
		return ref
	}
	cases := []Case{
		{Row: "B1", Name: "owner reference, label and status name the tenant", User: alice,
			Objects: []*object{withStatus(solar(), "{namespaces: [solar-a]}"), namespaceOf("solar", "solar-a")},
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B2", Name: "a namespace that the tenant's status does not name yet", User: alice,
			Objects: []*object{withStatus(solar(), "{namespaces: []}"), namespaceOf("solar", "solar-a")},
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B3", Name: "a namespace whose owner reference was removed", User: alice,
			Before:  []*object{withStatus(solar(), "{namespaces: [solar-a]}"), namespaceOf("solar", "solar-a")},
			Objects: []*object{withStatus(solar(), "{namespaces: [solar-a]}"), labelled("solar-a", "solar")}},
		{Row: "B5", Name: "a label that names another tenant does not hide a namespace", User: alice,
			Objects: []*object{solar(), wind(), labelled("ns", "wind", ownerRef("solar"))},
			List:    Names{"namespaces": {"ns"}}},
		{Row: "B5", Name: "a label that names another tenant does not show a namespace to its owner", User: wanda,
			Objects: []*object{solar(), wind(), labelled("ns", "wind", ownerRef("solar"))}},
		{Row: "B6", Name: "a namespace without the label", User: alice,
			Objects: []*object{solar(), withOwners(namespace("solar-a", ""), ownerRef("solar"))},
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B9", Name: "an owner reference with another version of Capsule's group", User: alice,
			InMemory: "the garbage collector needs a version that is served",
			Objects: []*object{solar(), withOwners(namespace("solar-a", ""), refTo("solar", func(r *metav1.OwnerReference) {
				r.APIVersion = "capsule.clastix.io/v1beta1"
			}))},
			List: Names{"namespaces": {"solar-a"}}},
		{Row: "B9", Name: "an owner reference to a kind Tenant of other groups", User: alice, InMemory: collected,
			Objects: []*object{solar(),
				withOwners(namespace("a", ""), refTo("solar", func(r *metav1.OwnerReference) { r.APIVersion = "example.com/v1" })),
				withOwners(namespace("b", ""), refTo("solar", func(r *metav1.OwnerReference) { r.APIVersion = "v1" })),
				withOwners(namespace("c", ""), refTo("solar", func(r *metav1.OwnerReference) { r.APIVersion = "capsule.clastix.io" })),
				withOwners(namespace("d", ""), refTo("solar", func(r *metav1.OwnerReference) { r.APIVersion = "x.capsule.clastix.io/v1beta2" })),
				withOwners(namespace("e", ""), refTo("solar", func(r *metav1.OwnerReference) { r.Kind = "TenantOwner" }))}},
		{Row: "B9", Name: "an owner reference to a tenant among others", User: alice, InMemory: collected,
			Objects: []*object{solar(), withOwners(namespace("solar-a", ""),
				metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: "solar", UID: "n"}, ownerRef("solar"))},
			List: Names{"namespaces": {"solar-a"}}},
		{Row: "B9", Name: "an owner reference with the uid of an earlier tenant of the name", User: alice, InMemory: collected,
			Objects: []*object{solar(), withOwners(namespace("solar-a", ""), refTo("solar", func(r *metav1.OwnerReference) { r.UID = "earlier" }))}},
		{Row: "B9", Name: "an owner reference without a uid", User: alice, InMemory: "kube-apiserver requires the uid",
			Objects: []*object{solar(), withOwners(namespace("solar-a", ""), refTo("solar", func(r *metav1.OwnerReference) { r.UID = "" }))}},
		{Row: "B9", Name: "an owner reference to a tenant that does not exist", User: alice, InMemory: collected,
			Objects: []*object{solar(), labelled("ns", "solar", ownerRef("water"))}},
		{Row: "B9", Name: "owner references to two tenants", User: alice,
			Objects: []*object{solar(), wind(), labelled("ns", "solar", ownerRef("solar"), ownerRef("wind"))}},
		{Row: "B13", Name: "a namespace that is being deleted", User: alice, InMemory: "a phase cannot be created",
			Objects: []*object{solar(), withStatus(namespaceOf("solar", "solar-a"), terminating)},
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B14", Name: "a namespace that has left a tenant for another", User: alice,
			Before:  []*object{solar(), wind(), namespaceOf("solar", "ns")},
			Objects: []*object{solar(), wind(), namespaceOf("wind", "ns")}},
		{Row: "B14", Name: "a namespace that has come from another tenant", User: wanda,
			Before:  []*object{solar(), wind(), namespaceOf("solar", "ns")},
			Objects: []*object{solar(), wind(), namespaceOf("wind", "ns")},
			List:    Names{"namespaces": {"ns"}}},
		{Row: "B15", Name: "a namespace that was made again by hand", User: alice,
			Objects: []*object{withStatus(solar(), "{namespaces: [solar-a]}"), labelled("solar-a", "solar")}},
		{Row: "B17", Name: "a namespace of another tenant", User: alice,
			Objects: []*object{solar(), wind(), namespaceOf("wind", "wind-a")}},
		{Row: "B19", Name: "a tenant without namespaces", User: alice, Objects: []*object{solar(), namespace("plain", "")}},
		{Row: "B28", Name: "a ProxySetting shows all namespaces of its tenant", User: bob,
			Objects: []*object{solar(), wind(), namespaceOf("solar", "solar-a"), namespaceOf("solar", "solar-b"), namespaceOf("wind", "wind-a"),
				proxySetting("solar-a", "ps", "{kind: User, name: bob}")},
			List: Names{"namespaces": {"solar-a", "solar-b"}}},
		{Row: "B29", Name: "a rule shows a namespace without a tenant", User: carol,
			Objects: []*object{namespace("tools", "{shared: all}"), namespace("plain", ""),
				globalSetting("gps", rule(subjects("User carol"), `{apiGroups: [""], resources: [namespaces], selector: {matchLabels: {shared: all}}}`))},
			List: Names{"namespaces": {"tools"}}},
	}
	for i := range cases {
		cases[i].Policy = implicit()
	}
	return append(cases, bindings()...)
}

// Rules of roles.
const (
	getNamespaces = `[{apiGroups: [""], resources: [namespaces], verbs: [get]}]`
	getPods       = `[{apiGroups: [""], resources: [pods, namespaces/finalize], verbs: [get, list]}]`
)

// bindings returns the cases of RoleBindings, which show the namespace that they are in.
func bindings() []Case {
	state := func(more ...*object) []*object {
		return append([]*object{
			tenant("solar", ownedBy("User alice")), namespaceOf("solar", "solar-a"), namespaceOf("solar", "solar-b"),
			namespace("plain", ""), clusterRole("tv-view", getNamespaces),
		}, more...)
	}
	toBob := rbacSubject("User", "bob")
	return []Case{
		{Row: "B22", Name: "a RoleBinding, which the policy ignores", User: bob, Policy: implicit(),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", toBob))},
		{Row: "B23", Name: "a RoleBinding to a role that allows to get namespaces", User: bob, Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", toBob)),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B23", Name: "a RoleBinding shows nothing but the namespace", User: bob, Policy: implicit(rbacGet),
			Objects: state(volume("pv", "", "solar-a/data"), storageClass("gold", ""), roleBinding("solar-a", "rb", "ClusterRole tv-view", toBob)),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B24", Name: "a RoleBinding to a role that does not allow to get namespaces", User: bob, Policy: implicit(rbacGet),
			Objects: state(role("solar-a", "pods", getPods), roleBinding("solar-a", "rb", "Role pods", toBob))},
		{Row: "B24", Name: "any RoleBinding, by policy", User: bob, Policy: implicit(anyBinding),
			Objects: state(role("solar-a", "pods", getPods), roleBinding("solar-a", "rb", "Role pods", toBob)),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B24", Name: "a RoleBinding to a role that does not exist", User: bob, Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-missing", toBob), roleBinding("solar-b", "rb", "Role tv-view", toBob))},
		{Row: "B24", Name: "a role with wildcards", User: bob, Policy: implicit(rbacGet),
			Objects: state(role("solar-a", "all", `[{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]`), roleBinding("solar-a", "rb", "Role all", toBob)),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B24", Name: "a role that names the namespaces", User: bob, Policy: implicit(rbacGet),
			Objects: state(clusterRole("tv-one", `[{apiGroups: [""], resources: [namespaces], verbs: [get], resourceNames: [solar-b, plain]}]`),
				roleBinding("solar-a", "rb", "ClusterRole tv-one", toBob), roleBinding("solar-b", "rb", "ClusterRole tv-one", toBob)),
			List: Names{"namespaces": {"solar-b"}}},
		{Row: "B24", Name: "a role for namespaces of another group, or with another verb", User: bob, Policy: implicit(rbacGet),
			Objects: state(clusterRole("tv-other", `[{apiGroups: [example.com], resources: [namespaces], verbs: [get]}, {apiGroups: [""], resources: [namespaces], verbs: [list, watch]}]`),
				roleBinding("solar-a", "rb", "ClusterRole tv-other", toBob))},
		{Row: "B25", Name: "a RoleBinding in a namespace without a tenant", User: bob, Policy: implicit(rbacGet),
			Objects: state(roleBinding("plain", "rb", "ClusterRole tv-view", toBob)),
			List:    Names{"namespaces": {"plain"}}},
		{Row: "B26", Name: "a RoleBinding of a group", User: named("bob", "devs"), Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", rbacSubject("Group", "devs"))),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B26", Name: "a RoleBinding of a service account", User: bot, Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", "[{kind: ServiceAccount, name: bot, namespace: solar-ci}]")),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B26", Name: "a RoleBinding of the service account of another namespace", User: bot, Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", "[{kind: ServiceAccount, name: bot, namespace: solar-a}]"))},
		{Row: "B26", Name: "a RoleBinding of a user with the name of a service account", User: bot, Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", rbacSubject("User", botName))),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "B26", Name: "a RoleBinding that was deleted, and a role that was narrowed", User: bob, Policy: implicit(rbacGet),
			Before: state(roleBinding("solar-a", "rb", "ClusterRole tv-view", toBob),
				role("solar-b", "r", getNamespaces), roleBinding("solar-b", "rb", "Role r", toBob)),
			Objects: state(role("solar-b", "r", getPods), roleBinding("solar-b", "rb", "Role r", toBob))},
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

// everybody returns the cases of groups of everybody, named by a tenant or by an administrator.
func everybody() []Case {
	state := func(more ...*object) []*object {
		return append([]*object{
			tenant("solar", ownedBy("User alice"), "storageClasses: {allowed: [gold]}"), namespaceOf("solar", "solar-a"),
			namespace("plain", "{shared: all}"), storageClass("gold", ""), clusterRole("tv-view", getNamespaces),
		}, more...)
	}
	const settings = ", proxySettings: [{kind: StorageClasses, operations: [List]}]}"
	setting := func(subjects ...string) *object {
		for i := range subjects {
			subjects[i] = "{" + subjects[i] + settings
		}
		return proxySetting("solar-a", "ps", subjects...)
	}
	toAll := func(namespace, group string) *object {
		return roleBinding(namespace, "rb", "ClusterRole tv-view", rbacSubject("Group", group))
	}
	noOne := "kube-apiserver lets nobody in without authentication"
	const authenticated, accounts, unauthenticated = "system:authenticated", "system:serviceaccounts", "system:unauthenticated"
	ofSetting := Names{"namespaces": {"solar-a"}, "storageclasses": {"gold"}}
	return []Case{
		{Row: "F21", Name: "a ProxySetting for all who are authenticated", User: bob, Policy: implicit(),
			Objects: state(setting("kind: Group, name: " + authenticated))},
		{Row: "F21", Name: "a ProxySetting for all service accounts", User: bot, Policy: implicit(),
			Objects: state(setting("kind: Group, name: " + accounts))},
		{Row: "F21", Name: "a ProxySetting for all who are not authenticated", User: nobody, Policy: implicit(), InMemory: noOne,
			Objects: state(setting("kind: Group, name: " + unauthenticated))},
		{Row: "F21", Name: "a ProxySetting for everybody and for a user", User: bob, Policy: implicit(),
			Objects: state(setting("kind: Group, name: "+authenticated, "kind: User, name: bob")), List: ofSetting},
		{Row: "F21", Name: "a ProxySetting for the service accounts of a namespace", User: bot, Policy: implicit(),
			Objects: state(setting("kind: Group, name: system:serviceaccounts:solar-ci")), List: ofSetting},
		{Row: "F21", Name: "a ProxySetting for a user who is named like the group of everybody", User: named(authenticated), Policy: implicit(),
			Objects: state(setting("kind: User, name: " + authenticated)), List: ofSetting},
		{Row: "F21", Name: "a ProxySetting for all who are authenticated, which the policy allows", User: bob, Policy: implicit(anySubject),
			Objects: state(setting("kind: Group, name: " + authenticated)), List: ofSetting},
		{Row: "F21", Name: "a ProxySetting for all service accounts, which the policy allows", User: bot, Policy: implicit(anySubject),
			Objects: state(setting("kind: Group, name: " + accounts)), List: ofSetting},
		{Row: "F21", Name: "a GlobalProxySettings for all who are authenticated", User: bob, Policy: implicit(),
			Objects: state(globalSetting("gps", rule(subjects("Group "+authenticated), `{apiGroups: [""], resources: [namespaces], selector: {matchLabels: {shared: all}}}`))),
			List:    Names{"namespaces": {"plain"}}},
		{Row: "B30", Name: "a RoleBinding of all who are authenticated, in a namespace of a tenant", User: bob, Policy: implicit(rbacGet),
			Objects: state(toAll("solar-a", authenticated))},
		{Row: "B30", Name: "a RoleBinding of all service accounts, in a namespace of a tenant", User: bot, Policy: implicit(anyBinding),
			Objects: state(toAll("solar-a", accounts))},
		{Row: "B30", Name: "a RoleBinding of everybody and of a user, in a namespace of a tenant", User: bob, Policy: implicit(rbacGet),
			Objects: state(roleBinding("solar-a", "rb", "ClusterRole tv-view",
				"[{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}, {apiGroup: rbac.authorization.k8s.io, kind: User, name: bob}]")),
			List: Names{"namespaces": {"solar-a"}}},
		{Row: "B30", Name: "a RoleBinding of all who are authenticated, which the policy allows", User: bob, Policy: implicit(rbacGet, anySubject),
			Objects: state(toAll("solar-a", authenticated)), List: Names{"namespaces": {"solar-a"}}},
		{Row: "B30", Name: "a RoleBinding of all who are authenticated, in a namespace without a tenant", User: bob, Policy: implicit(rbacGet),
			Objects: state(toAll("plain", authenticated)), List: Names{"namespaces": {"plain"}}},
		{Row: "B30", Name: "a RoleBinding of all who are authenticated, whose namespace has left a tenant", User: bob, Policy: implicit(rbacGet),
			Before:  state(namespaceOf("solar", "ns"), toAll("ns", authenticated)),
			Objects: state(namespace("ns", ""), toAll("ns", authenticated)),
			List:    Names{"namespaces": {"ns"}}},
		{Row: "B30", Name: "a RoleBinding of all who are authenticated, whose namespace has come to a tenant", User: bob, Policy: implicit(rbacGet),
			Before:  state(namespace("ns", ""), toAll("ns", authenticated)),
			Objects: state(namespaceOf("solar", "ns"), toAll("ns", authenticated))},
	}
}

// grantsWithinOwners returns the cases of ProxySettings that may grant only what the owners of their
// Tenant have.
func grantsWithinOwners() []Case {
	const (
		classes = `{kind: StorageClasses, operations: [List]}`
		toBob   = "{kind: User, name: bob, proxySettings: [" + classes + ", {kind: RuntimeClasses, operations: [List]}]}"
		ruled   = `{kind: User, name: bob, clusterResources: [{apiGroups: ["*"], resources: ["*"], selector: {matchLabels: {t: "1"}}}]}`
	)
	state := func(owners, setting string) []*object {
		return []*object{
			tenant("solar", "owners: ["+owners+"]"), namespaceOf("solar", "solar-a"), proxySetting("solar-a", "ps", setting),
			storageClass("gold", "{t: '1'}"), runtimeClass("kata", "{t: '1'}"),
		}
	}
	owner := func(settings string) string { return "{kind: User, name: alice, proxySettings: [" + settings + "]}" }
	spaces := Names{"namespaces": {"solar-a"}}
	gold := Names{"namespaces": {"solar-a"}, "storageclasses": {"gold"}}
	both := Names{"namespaces": {"solar-a"}, "storageclasses": {"gold"}, "runtimeclasses": {"kata"}}
	cases := []Case{
		{Row: "F22", Name: "a ProxySetting for kinds of which an owner has one", Policy: implicit(bySettings, grantsOfOwners),
			Objects: state(owner(classes), toBob), List: gold},
		{Row: "F22", Name: "rules of a ProxySetting for kinds of which an owner has one", Policy: implicit(bySettings, grantsOfOwners),
			Objects: state(owner(classes), ruled), List: gold},
		{Row: "F22", Name: "unbounded rules of a ProxySetting for kinds of which an owner has one", Policy: implicit(bySettings, grantsOfOwners, rulesUnbounded),
			Objects: state(owner(classes), ruled), List: gold},
		{Row: "F22", Name: "a ProxySetting for kinds of which two owners have one each", Policy: implicit(bySettings, grantsOfOwners),
			Objects: state(owner(classes)+", {kind: Group, name: devs, proxySettings: [{kind: RuntimeClasses, operations: [List]}]}", toBob), List: both},
		{Row: "F22", Name: "a ProxySetting for kinds that an owner may not list", Policy: implicit(bySettings, grantsOfOwners),
			Objects: state(owner("{kind: StorageClasses, operations: [Get, Update]}"), toBob), List: spaces},
		{Row: "F22", Name: "a ProxySetting for kinds that an owner without a name has", Policy: implicit(bySettings, grantsOfOwners),
			Objects: state("{kind: User, name: '', proxySettings: ["+classes+"]}", toBob), List: spaces},
		{Row: "F22", Name: "a ProxySetting of a tenant whose owners have every kind", Policy: implicit(grantsOfOwners),
			Objects: state("{kind: User, name: alice}", toBob), List: both},
		{Row: "F22", Name: "a ProxySetting of a tenant whose status alone has an owner", Policy: implicit(grantsOfOwners),
			Objects: append([]*object{withStatus(tenant("solar"), "{owners: [{kind: User, name: alice}]}")}, state("", toBob)[1:]...), List: both},
		{Row: "F22", Name: "a ProxySetting of a tenant that nobody owns", Policy: implicit(grantsOfOwners),
			Objects: state("", toBob), List: spaces},
		{Row: "F22", Name: "a ProxySetting for a kind that an owner has lost", Policy: implicit(bySettings, grantsOfOwners),
			Before:  state(owner(classes+", {kind: RuntimeClasses, operations: [List]}"), toBob),
			Objects: state(owner(classes), toBob), List: gold},
		{Row: "F22", Name: "a ProxySetting for more than the owners have, which the policy allows", Policy: implicit(bySettings),
			Objects: state("", toBob), List: both},
	}
	for i := range cases {
		cases[i].User = bob
	}
	return cases
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import "capsule.dev/tenantview/pkg/grants"

// gate returns the cases of policies that allow only native RBAC or only users of Capsule. The user
// never has permissions on the upstream resources, except as a member of system:masters.
func gate() []Case {
	solar := tenant("solar", solarSpec, ownedBy("User alice", "ServiceAccount system:serviceaccount:kube-system:op", "ServiceAccount "+botName))
	state := func(configuration ...*object) []*object { return in([]*object{solar}, configuration...) }
	config := func(spec string) []*object { return state(configuration(spec)) }
	other := configuration("{userNames: [alice]}")
	other.SetName("other")
	seen := ofSolar()
	cases := []Case{
		{Row: "H6", Name: "native RBAC is ignored", User: named("root", "system:masters"), Policy: implicit(noNativeRBAC), Objects: state()},
		{Row: "H6", Name: "native RBAC is ignored, and the user owns a tenant", User: named("alice", "system:masters"), Policy: implicit(noNativeRBAC), Objects: state(), List: seen},
		{Row: "H9", Name: "an owner without any group of Capsule", User: alice, Policy: implicit(), Objects: config("{userGroups: [capsule.clastix.io]}"), List: seen},
		{Row: "H10", Name: "an owner who is no user of Capsule", User: alice, Objects: config("{userGroups: [capsule.clastix.io], userNames: [bob], users: [{kind: Group, name: alice}]}")},
		{Row: "H11", Name: "a user of Capsule by his group", User: named("alice", "capsule.clastix.io"), Objects: config("{userGroups: [capsule.clastix.io]}"), List: seen},
		{Row: "H11", Name: "a user of Capsule by his name", User: alice, Objects: config("{userNames: [alice]}"), List: seen},
		{Row: "H11", Name: "a user of Capsule by the spec's users", User: alice, Objects: config("{users: [{kind: User, name: alice}]}"), List: seen},
		{Row: "H11", Name: "a user of Capsule by a group of the spec's users", User: named("alice", "devs"), Objects: config("{users: [{kind: Group, name: devs}]}"), List: seen},
		{Row: "H11", Name: "a service account by the spec's users", User: bot, Objects: config("{users: [{kind: ServiceAccount, name: '" + botName + "'}]}"), List: seen},
		{Row: "H11", Name: "a user of Capsule by the status", User: alice,
			Objects: state(withStatus(configuration("{userGroups: [x]}"), "{users: [{kind: User, name: alice}]}")), List: seen},
		{Row: "H12", Name: "a user of Capsule in a group that is ignored", User: named("alice", "capsule.clastix.io", "ops"),
			Objects: config("{userGroups: [capsule.clastix.io], userNames: [alice], ignoreUserWithGroups: [ops]}")},
		{Row: "H12", Name: "a user named like a group that is ignored", User: alice,
			Objects: config("{userNames: [alice], ignoreUserWithGroups: [alice]}"), List: seen},
		{Row: "H12", Name: "a service account of kube-system", User: named("system:serviceaccount:kube-system:op", "system:serviceaccounts", "system:serviceaccounts:kube-system"),
			Objects: config("{userGroups: ['system:serviceaccounts'], userNames: ['system:serviceaccount:kube-system:op']}")},
		{Row: "H12", Name: "the users of Capsule have changed", User: alice,
			Before: config("{userNames: [alice]}"), Objects: config("{userNames: [bob]}")},
		{Row: "H14", Name: "Capsule has no configuration", User: alice, Objects: state()},
		{Row: "H14", Name: "Capsule's configuration has another name", User: alice, Objects: state(other)},
		{Row: "H14", Name: "Capsule's configuration was deleted", User: alice, Before: config("{userNames: [alice]}"), Objects: state()},
		{Row: "H10", Name: "a RoleBinding of somebody who is no user of Capsule", User: bob, Policy: implicit(capsuleUsers, anyBinding),
			Objects: append(config("{userNames: [alice]}"), roleBinding("solar-a", "rb", "ClusterRole tv-view", rbacSubject("User", "bob")))},
	}
	for i := range cases {
		if cases[i].Policy == (grants.Policy{}) {
			cases[i].Policy = implicit(capsuleUsers)
		}
	}
	return cases
}

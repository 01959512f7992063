// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"

	"k8s.io/apiserver/pkg/authentication/user"
)

// rules returns the cases of GlobalProxySettings, whose rules reach every object of the cluster.
func rules() []Case {
	state := func(settings ...*object) []*object {
		return append([]*object{
			tenant("wind", ownedBy("User wanda"), "storageClasses: {allowed: [b1]}"),
			withLabels(namespaceOf("wind", "wind-a"), map[string]string{"access": "c"}),
			storageClass("a1", "{access: a}"), storageClass("a2", "{access: a, tier: x}"), storageClass("b1", "{access: b}"), storageClass("none", ""),
			ingressClass("a1", "{access: a}"), priorityClass("a1", "{access: a}"), runtimeClass("a1", "{access: a}"),
			node("a1", "{access: a}"), volume("a1", "{access: a}", ""), namespace("a1", "{access: a}"), namespace("none", ""),
		}, settings...)
	}
	// carols returns a setting with rules for carol.
	carols := func(resources ...string) *object {
		return globalSetting("gps", rule(subjects("User carol"), resources...))
	}
	// about returns a cluster resource rule that selects access=a.
	about := func(groups, resources, operations string) string {
		return fmt.Sprintf("{apiGroups: %s, resources: %s, operations: %s, selector: {matchLabels: {access: a}}}", groups, resources, operations)
	}
	const classes = "[storage.k8s.io]"
	one := Names{"storageclasses": {"a1", "a2"}}
	every := Names{"storageclasses": {"a1", "a2"}}
	for _, resource := range []string{"namespaces", "nodes", "persistentvolumes", "ingressclasses", "priorityclasses", "runtimeclasses"} {
		every[resource] = []string{"a1"}
	}
	core := Names{"namespaces": {"a1"}, "nodes": {"a1"}, "persistentvolumes": {"a1"}}
	k8sio := Names{"storageclasses": {"a1", "a2"}, "ingressclasses": {"a1"}, "priorityclasses": {"a1"}, "runtimeclasses": {"a1"}}
	table := []struct {
		row, name string
		// resources are the rules for carol.
		resources []string
		want, get Names
	}{
		{row: "G1", name: "a rule with List", resources: []string{about(classes, "[storageclasses]", "[List]")}, want: one},
		{row: "G2", name: "a rule without operations", resources: []string{`{apiGroups: [storage.k8s.io], resources: [storageclasses], selector: {matchLabels: {access: a}}}`}, want: one},
		{row: "G2", name: "a rule with an empty list of operations", resources: []string{about(classes, "[storageclasses]", "[]")}, want: one},
		{row: "G4", name: "a rule with Get only", resources: []string{about(classes, "[storageclasses]", "[Get]")}, get: one},
		{row: "G5", name: "a rule with Update and Delete only", resources: []string{about(classes, "[storageclasses]", "[Update, Delete]")}},
		{row: "G5", name: "a rule with Get and Update", resources: []string{about(classes, "[storageclasses]", "[Get, Update]")}, get: one},
		{row: "G5", name: "List of one rule does not make Update of another count", resources: []string{about(classes, "[storageclasses]", "[Update]"), about(classes, "[storageclasses]", "[List]")}, want: one},
		{row: "G6", name: "a rule with List and Delete", resources: []string{about(classes, "[storageclasses]", "[List, Delete]")}, want: one},
		{row: "G7", name: "a rule with an unknown operation only", resources: []string{about(classes, "[storageclasses]", "[Watch]")}},
		{row: "G7", name: "an unknown operation beside a known one", resources: []string{about(classes, "[storageclasses]", "[Watch, List, list]")}, want: one},
		{row: "G8", name: "an empty selector", resources: []string{`{apiGroups: ["*"], resources: ["*"], selector: {}}`}},
		{row: "G8", name: "a selector without requirements", resources: []string{`{apiGroups: ["*"], resources: ["*"], selector: {matchLabels: {}, matchExpressions: []}}`}},
		{row: "G8", name: "no selector", resources: []string{`{apiGroups: ["*"], resources: ["*"]}`}},
		{row: "G10", name: "a rule that is not valid before one that is", resources: []string{
			`{apiGroups: ["*"], resources: ["*"], selector: {matchExpressions: [{key: access, operator: Foo, values: [a]}]}}`, about(classes, "[storageclasses]", "[List]")}, want: one},
		{row: "G10", name: "a selector with a value that is not valid", resources: []string{
			`{apiGroups: ["*"], resources: ["*"], selector: {matchExpressions: [{key: access, operator: In, values: [a, "a,b"]}]}}`}},
		{row: "G13", name: "two rules are alternatives", resources: []string{about(classes, "[storageclasses]", "[List]"),
			`{apiGroups: [storage.k8s.io], resources: [storageclasses], selector: {matchLabels: {access: b}}}`}, want: Names{"storageclasses": {"a1", "a2", "b1"}}},
		{row: "G13", name: "the requirements of one rule must all be met", resources: []string{
			`{apiGroups: [storage.k8s.io], resources: [storageclasses], selector: {matchLabels: {access: a}, matchExpressions: [{key: tier, operator: DoesNotExist}]}}`},
			want: Names{"storageclasses": {"a1"}}},
		{row: "G15", name: "the core group", resources: []string{about(`[""]`, "[nodes]", "[List]")}, want: Names{"nodes": {"a1"}}},
		{row: "G15", name: "the core group, and every resource", resources: []string{about(`[""]`, `["*"]`, "[List]")}, want: core},
		{row: "G16", name: "every group and resource", resources: []string{about(`["*"]`, `["*"]`, "[List]")}, want: every},
		{row: "G17", name: "a group with its version", resources: []string{about("[storage.k8s.io/v1]", "[storageclasses]", "[List]")}, want: one},
		{row: "G18", name: "a group with every version", resources: []string{about(`["storage.k8s.io/*"]`, "[storageclasses]", "[List]")}, want: one},
		{row: "G19", name: "a group with another version", resources: []string{about("[storage.k8s.io/v2]", "[storageclasses]", "[List]")}},
		{row: "G20", name: "groups by the end of their names", resources: []string{about(`["*.k8s.io"]`, `["*"]`, "[List]")}, want: k8sio},
		{row: "G20", name: "groups by the middle of their names", resources: []string{about(`["s*.k8s.*"]`, `["*"]`, "[List]")},
			want: Names{"storageclasses": {"a1", "a2"}, "priorityclasses": {"a1"}}},
		{row: "G20", name: "patterns are not searched for inside names", resources: []string{about(`[storage, k8s.io, "*.k8s", "torage*"]`, `["*"]`, "[List]")}},
		{row: "G20", name: "versions of every group", resources: []string{about(`["*/v1"]`, `["*"]`, "[List]")}, want: every},
		{row: "G22", name: "a version is not a group", resources: []string{about("[v1]", "[nodes]", "[List]")}},
		{row: "G23", name: "the core group with its version", resources: []string{about("[/v1]", "[nodes]", "[List]")}, want: Names{"nodes": {"a1"}}},
		{row: "G24", name: "no groups", resources: []string{about("[]", "[storageclasses]", "[List]")}},
		{row: "G24", name: "no resources", resources: []string{about(`["*"]`, "[]", "[List]")}},
		{row: "G25", name: "resources in another form", resources: []string{about(`["*"]`, "[StorageClasses, storageclass, storageclasse*, '', 'storageclasses/status']", "[List]")}},
		{row: "G25", name: "our own group and resources do not count", resources: []string{about(`[tenantview.capsule.dev]`, `["*"]`, "[List]"), about(`["*"]`, "[tenantstorageclasses]", "[List]")}},
		{row: "G27", name: "every group beside one", resources: []string{about(`["*", storage.k8s.io]`, "[storageclasses]", "[List]")}, want: one},
		{row: "G32", name: "a rule that selects a tenant shows none of its namespaces", resources: []string{
			`{apiGroups: [capsule.clastix.io], resources: [tenants], operations: [List], selector: {matchLabels: {kubernetes.io/metadata.name: wind}}}`}},
	}
	var all []Case
	for _, row := range table {
		all = append(all, Case{Row: row.row, Name: "rule: " + row.name, Policy: implicit(), User: carol,
			Objects: state(carols(row.resources...)), List: row.want, Get: row.get})
	}
	return append(all, ruleSubjects(state, about(classes, "[storageclasses]", "[List]"), one)...)
}

// ruleSubjects returns the cases of the subjects of GlobalProxySettings, and of the policy.
func ruleSubjects(state func(...*object) []*object, resources string, want Names) []Case {
	gps := func(subjects string) []*object { return state(globalSetting("gps", rule(subjects, resources))) }
	three := gps(subjects("User carol", "Group devs", "ServiceAccount "+botName))
	b := `{apiGroups: ["storage.k8s.io"], resources: [storageclasses], selector: {matchLabels: {access: b}}}`
	both := Names{"storageclasses": {"a1", "a2", "b1"}}
	users := []struct {
		name string
		user user.DefaultInfo
		want Names
	}{
		{"the user", carol, want}, {"a member of the group", named("bob", "devs"), want}, {"the service account", bot, want},
		{"a user named like the group", named("devs"), nil}, {"nobody of them", bob, nil},
	}
	var cases []Case
	for _, u := range users {
		cases = append(cases, Case{Row: "G30", Name: "a rule for a user, a group and a service account, asked by " + u.name,
			Policy: implicit(), User: u.user, Objects: three, List: u.want})
	}
	wanda := named("wanda")
	return append(cases, []Case{
		{Row: "G29", Name: "rules for subjects without a name, and of other kinds", Policy: implicit(), User: carol,
			Objects: gps(subjects("User ", "Group carol", "Robot carol", "user carol"))},
		{Row: "G30", Name: "one subject in several rules of one GlobalProxySettings", Policy: implicit(), User: carol, List: both,
			Objects: state(globalSetting("gps", rule(subjects("User carol"), resources), rule(subjects("Group system:authenticated"), b)))},
		{Row: "G31", Name: "two GlobalProxySettings", Policy: implicit(), User: carol, List: both,
			Objects: state(globalSetting("gps", rule(subjects("User carol"), resources)), globalSetting("gps2", rule(subjects("User carol"), b)))},
		{Row: "G34", Name: "rules do not count for those who are no users of Capsule", Policy: implicit(capsuleUsers), User: carol,
			Objects: append(gps(subjects("User carol")), configuration("{userGroups: [capsule.clastix.io]}"))},
		{Row: "G35", Name: "GlobalProxySettings are off", Policy: implicit(noGlobalSettings), User: carol, Objects: gps(subjects("User carol"))},
		{Row: "G36", Name: "an owner for whom there is a rule", Policy: implicit(), User: wanda, Objects: gps(subjects("User wanda")),
			List: Names{"namespaces": {"wind-a"}, "storageclasses": {"a1", "a2", "b1"}, "ingressclasses": {"a1"}, "priorityclasses": {"a1"}, "runtimeclasses": {"a1"}, "nodes": {"a1"}}},
		{Row: "G38", Name: "an object that has lost the label of a rule", Policy: implicit(), User: carol,
			Before:  []*object{storageClass("a1", "{access: a}"), storageClass("a2", "{access: a}"), globalSetting("gps", rule(subjects("User carol"), resources))},
			Objects: []*object{storageClass("a1", ""), storageClass("a2", "{access: a}"), globalSetting("gps", rule(subjects("User carol"), resources))},
			List:    Names{"storageclasses": {"a2"}}},
		{Row: "G7", Name: "a GlobalProxySettings that was deleted", Policy: implicit(), User: carol,
			Before: gps(subjects("User carol")), Objects: state()},
	}...)
}

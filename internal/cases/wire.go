// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/grants"
)

// wire returns the cases of objects from older, newer and broken installations of Capsule.
func wire() []Case {
	looser := "the CustomResourceDefinition does not admit the object"
	undecodable := func(spec string) []*object {
		return in([]*object{tenant("solar", solarSpec, ownedBy("User alice"), spec), tenant("wind", windSpec, ownedBy("User alice"))})
	}
	solarAndWind := func(solar *object) []*object { return in([]*object{solar, tenant("wind", windSpec)}) }
	return []Case{
		{Row: "W1", Name: "a Tenant of Capsule 0.2, with a small status", User: alice, Policy: implicit(), List: ofSolar(),
			Objects: solarAndWind(withStatus(tenant("solar", solarSpec, `owners: [{kind: User, name: alice, clusterRoles: [admin, capsule-namespace-deleter]}]`),
				"{namespaces: [solar-a, solar-b], size: 2, state: Active}"))},
		{Row: "W2", Name: "a Tenant of Capsule 0.14, with fields that nobody knows here", User: alice, Policy: implicit(), List: ofSolar(),
			Objects: solarAndWind(withStatus(tenant("solar", solarSpec, `owners: [{kind: User, name: alice, labels: {a: b}, annotations: {c: d}, future: [1, 2]}]`,
				`{data: {anything: [1, {deep: true}]}, rules: [{enforce: {registries: [{url: "harbor/.*"}]}}], permissions: {allowOwnerPromotion: true}, forceTenantPrefix: false, future: 1.5}`),
				"{observedGeneration: 1, size: 2, spaces: [{name: solar-a, uid: x}], conditions: [], owners: [{kind: User, name: alice, clusterRoles: [admin]}]}"))},
		{Row: "W5", Name: "an old Tenant without any class list", User: alice, Policy: implicit(unsetIsNone, unsetNodesAreNone),
			Objects: in([]*object{tenant("solar", ownedBy("User alice"))}),
			List:    Names{"namespaces": {"solar-a", "solar-b"}, "persistentvolumes": {"solar-data"}}},
		{Row: "W8", Name: "lists of the status that are null", User: alice, Policy: implicit(), List: ofSolar(),
			Objects: solarAndWind(withStatus(tenant("solar", solarSpec, ownedBy("User alice")), "{namespaces: null, owners: null, size: 0}"))},
		{Row: "W9", Name: "owners of the wrong type disturb no other Tenant", User: alice, Policy: implicit(), List: ofWind(), InMemory: looser,
			Objects: undecodable("owners: {kind: User, name: alice}")},
		{Row: "W9", Name: "a class list of the wrong type disturbs no other Tenant", User: alice, Policy: implicit(), List: ofWind(), InMemory: looser,
			Objects: undecodable("storageClasses: [gold]")},
		{Row: "W9", Name: "a name of the wrong type disturbs no other Tenant", User: alice, Policy: implicit(), List: ofWind(), InMemory: looser,
			Objects: undecodable("runtimeClasses: {allowed: [1, 2]}")},
		{Row: "W9", Name: "a node selector of the wrong type disturbs no other Tenant", User: alice, Policy: implicit(), List: ofWind(), InMemory: looser,
			Objects: undecodable("nodeSelector: {pool: 1}")},
		{Row: "W9", Name: "settings of the wrong type disturb no other settings", User: bob, Policy: implicit(), InMemory: looser,
			Objects: in([]*object{tenant("solar", solarSpec)},
				proxySetting("solar-a", "bad", "{kind: User, name: bob, proxySettings: [{kind: Nodes, operations: List}]}"),
				proxySetting("solar-a", "good", "{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}"),
				globalSetting("bad", "{subjects: bob, clusterResources: []}")),
			List: Names{"namespaces": {"solar-a", "solar-b"}, "storageclasses": {"gold"}}},
		{Row: "W9", Name: "a Tenant that was valid once", User: alice, Policy: implicit(), InMemory: looser,
			Before:  in([]*object{tenant("solar", solarSpec, ownedBy("User alice"))}),
			Objects: in([]*object{tenant("solar", solarSpec, ownedBy("User alice"), "priorityClasses: none")})},
	}
}

// scenarios returns cases like those of capsule-proxy: owners see the kinds that their proxySettings
// name, and a Tenant may not see what it does not list.
func scenarios() []Case {
	policy := grants.DefaultPolicy()
	policy.UnsetClasses = grants.UnsetNone
	owners := func(settings string, owners ...string) string {
		list := ""
		for _, o := range owners {
			list += "{" + o + ", proxySettings: [" + settings + "]}, "
		}
		return "owners: [" + list + "]"
	}
	const (
		toAlice = "kind: User, name: alice"
		toBot   = "kind: ServiceAccount, name: '" + botName + "'"
		toGroup = "kind: Group, name: foo.clastix.io"
	)
	var all []Case
	storageClasses := func(settings string) []*object {
		return []*object{
			tenant("byuser", owners(settings, toAlice, toBot, toGroup), `storageClasses: {allowed: [custom], allowedRegex: "\\w+fs"}`),
			tenant("bygroup", owners(settings, toGroup), "storageClasses: {allowed: [custom2]}"),
			storageClass("cephfs", ""), storageClass("glusterfs", ""), storageClass("custom", ""), storageClass("custom2", ""), storageClass("nonallowed", ""),
		}
	}
	priorityClasses := func(settings string) []*object {
		return []*object{
			tenant("byuser", owners(settings, toAlice, toBot, toGroup), `priorityClasses: {allowed: [custom], allowedRegex: "\\w+priority"}`),
			tenant("bygroup", owners(settings, toGroup), "priorityClasses: {allowed: [custom2]}"),
			priorityClass("maxpriority", ""), priorityClass("minpriority", ""), priorityClass("custom", ""), priorityClass("custom2", ""), priorityClass("nonallowed", ""),
		}
	}
	const listSC, listPC = "{kind: StorageClasses, operations: [List]}", "{kind: PriorityClasses, operations: [List]}"
	ofUser := [][]string{{"cephfs", "custom", "glusterfs"}, {"custom", "maxpriority", "minpriority"}}
	ofBoth := [][]string{{"cephfs", "custom", "custom2", "glusterfs"}, {"custom", "custom2", "maxpriority", "minpriority"}}
	for _, who := range []struct {
		user user.DefaultInfo
		// want are StorageClasses and PriorityClasses.
		want [][]string
	}{{alice, ofUser}, {bot, ofUser}, {named("carol", "foo.clastix.io"), ofBoth}} {
		name := who.user.Name
		all = append(all,
			Case{Row: "X1", Name: "StorageClasses of a user's and a group's tenant, asked by " + name, User: who.user, Policy: policy,
				Objects: storageClasses(listSC), List: Names{"storageclasses": who.want[0]}},
			Case{Row: "X5", Name: "PriorityClasses of a user's and a group's tenant, asked by " + name, User: who.user, Policy: policy,
				Objects: priorityClasses(listPC), List: Names{"priorityclasses": who.want[1]}},
			Case{Row: "X7", Name: "StorageClasses of owners without proxySettings, asked by " + name, User: who.user, Policy: policy,
				Objects: storageClasses("")},
			Case{Row: "X7", Name: "PriorityClasses of owners without proxySettings, asked by " + name, User: who.user, Policy: policy,
				Objects: priorityClasses("")},
		)
	}
	return all
}

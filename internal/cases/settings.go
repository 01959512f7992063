// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

// proxySettings returns the cases of ProxySettings, which show a Tenant's objects to more subjects.
func proxySettings() []Case {
	solar := tenant("solar", solarSpec, ownedBy("User alice"))
	wind := tenant("wind", windSpec, ownedBy("User wanda"))
	state := func(settings ...*object) []*object { return in([]*object{solar, wind}, settings...) }
	spaces := []string{"solar-a", "solar-b"}
	const toBob = "{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}"
	both := Names{"namespaces": {"solar-a", "solar-b", "wind-a"}, "storageclasses": {"gold", "silver"}}
	cases := []Case{
		{Row: "F1", Name: "a ProxySetting for one kind",
			Objects: state(proxySetting("solar-a", "ps", toBob)),
			List:    Names{"namespaces": spaces, "storageclasses": {"gold"}}},
		{Row: "F1", Name: "a ProxySetting for somebody else",
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: carol, proxySettings: [{kind: StorageClasses, operations: [List]}]}"))},
		{Row: "F2", Name: "a ProxySetting without kinds and rules",
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: bob}")),
			List:    Names{"namespaces": spaces}},
		{Row: "F3", Name: "a ProxySetting without List",
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [Get, Update]}, {kind: Nodes}]}")),
			List:    Names{"namespaces": spaces}},
		{Row: "F4", Name: "a ProxySetting with all operations",
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List, Update, Delete]}]}")),
			List:    Names{"namespaces": spaces, "storageclasses": {"gold"}}},
		{Row: "F5", Name: "a ProxySetting in a namespace without a tenant",
			Objects: state(proxySetting("plain", "ps", toBob))},
		{Row: "F7", Name: "a ProxySetting whose namespace has left the tenant",
			Before: state(proxySetting("solar-b", "ps", toBob)),
			Objects: []*object{solar, wind, namespaceOf("solar", "solar-a"), namespace("solar-b", ""), storageClass("gold", ""), storageClass("silver", ""),
				proxySetting("solar-b", "ps", toBob)}},
		{Row: "F7", Name: "a ProxySetting whose namespace has moved to another tenant",
			Before: state(proxySetting("solar-b", "ps", toBob)),
			Objects: []*object{solar, wind, namespaceOf("solar", "solar-a"), namespaceOf("wind", "solar-b"), storageClass("gold", ""), storageClass("silver", ""),
				proxySetting("solar-b", "ps", toBob)},
			List: Names{"namespaces": {"solar-b"}, "storageclasses": {"silver"}}},
		{Row: "F8", Name: "a ProxySetting for a group", User: named("bob", "devs"),
			Objects: state(proxySetting("solar-a", "ps", "{kind: Group, name: devs, proxySettings: [{kind: StorageClasses, operations: [List]}]}")),
			List:    Names{"namespaces": spaces, "storageclasses": {"gold"}}},
		{Row: "F8", Name: "a ProxySetting for a service account", User: bot,
			Objects: state(proxySetting("solar-a", "ps", "{kind: ServiceAccount, name: '"+botName+"', proxySettings: [{kind: StorageClasses, operations: [List]}]}")),
			List:    Names{"namespaces": spaces, "storageclasses": {"gold"}}},
		{Row: "F10", Name: "two ProxySettings of one tenant",
			Objects: state(proxySetting("solar-a", "ps", toBob),
				proxySetting("solar-a", "ps2", "{kind: User, name: bob, proxySettings: [{kind: RuntimeClasses, operations: [List]}]}")),
			List: Names{"namespaces": spaces, "storageclasses": {"gold"}, "runtimeclasses": {"kata"}}},
		{Row: "F10", Name: "ProxySettings of two tenants",
			Objects: state(proxySetting("solar-a", "ps", toBob), proxySetting("wind-a", "ps", toBob)),
			List:    both},
		{Row: "F10", Name: "several entries of one ProxySetting", User: named("bob", "devs"),
			Objects: state(proxySetting("solar-a", "ps", toBob, "{kind: User, name: bob}",
				"{kind: Group, name: devs, proxySettings: [{kind: Nodes, operations: [List]}, {kind: Nodes, operations: [List]}]}")),
			List: Names{"namespaces": spaces, "storageclasses": {"gold"}, "nodes": {"solar-1", "solar-2"}}},
		{Row: "F11", Name: "a ProxySetting for volumes",
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: bob, proxySettings: [{kind: PersistentVolumes, operations: [List]}]}")),
			List:    Names{"namespaces": spaces, "persistentvolumes": {"solar-data"}}},
		{Row: "F13", Name: "an owner who is also a subject of a ProxySetting", User: wanda,
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: wanda, proxySettings: [{kind: StorageClasses, operations: [List]}]}")),
			List: func() Names {
				n := ofWind()
				n["namespaces"], n["storageclasses"] = both["namespaces"], both["storageclasses"]
				return n
			}()},
		{Row: "F14", Name: "a ProxySetting for subjects without a name, and of an unknown kind",
			Objects: state(proxySetting("solar-a", "ps", "{kind: User, name: ''}", "{kind: Robot, name: bob, proxySettings: [{kind: Nodes, operations: [List]}]}"))},
		{Row: "F17", Name: "a ProxySetting that was deleted",
			Before: state(proxySetting("solar-a", "ps", toBob)), Objects: state()},
		{Row: "F18", Name: "a ProxySetting of an old capsule-proxy",
			Objects: state(withLabels(proxySetting("solar-a", "ps", toBob), map[string]string{"app": "old"})),
			List:    Names{"namespaces": spaces, "storageclasses": {"gold"}}},
		{Row: "F20", Name: "a ProxySetting follows the tenant's spec",
			Before:  state(proxySetting("solar-a", "ps", toBob)),
			Objects: in([]*object{tenant("solar", solarSpec, "storageClasses: {allowed: [tin]}"), wind}, proxySetting("solar-a", "ps", toBob)),
			List:    Names{"namespaces": spaces, "storageclasses": {"tin"}}},
		{Row: "F20", Name: "a ProxySetting of a tenant that does not exist any more", InMemory: collected,
			Before:  state(proxySetting("solar-a", "ps", toBob)),
			Objects: in([]*object{wind}, proxySetting("solar-a", "ps", toBob))},
	}
	for i := range cases {
		cases[i].Policy = implicit()
		if cases[i].User.Name == "" {
			cases[i].User = bob
		}
	}
	return append(cases, boundedRules()...)
}

// boundedRules returns the cases of the rules of ProxySettings and their reach.
func boundedRules() []Case {
	state := func(spec, clusterResource string) []*object {
		return []*object{
			tenant("solar", ownedBy("User alice"), spec), tenant("wind", ownedBy("User wanda")),
			namespaceOf("solar", "solar-a"), withLabels(namespaceOf("wind", "wind-a"), map[string]string{"t": "1"}), namespace("plain", "{t: '1'}"),
			storageClass("gold", "{t: '1'}"), storageClass("zol", "{t: '1'}"), storageClass("tin", "{t: '2'}"),
			node("n1", "{t: '1', pool: a}"), node("n2", "{t: '1'}"),
			volume("pv1", "{t: '1'}", "solar-a/data"), volume("pv2", "{t: '1'}", "wind-a/data"),
			proxySetting("solar-a", "ps", "{kind: User, name: bob, clusterResources: ["+clusterResource+"]}"),
		}
	}
	const (
		spec  = "{storageClasses: {allowed: [gold, tin]}, nodeSelector: {pool: a}}"
		rule  = `{apiGroups: [storage.k8s.io], resources: [storageclasses], operations: [List], selector: {matchLabels: {t: "1"}}}`
		every = `{apiGroups: ["*"], resources: ["*"], operations: [List], selector: {matchLabels: {t: "1"}}}`
	)
	spaces := []string{"solar-a"}
	cases := []Case{
		{Row: "F16", Name: "rules of ProxySettings reach what the tenant may see", Policy: implicit(), Objects: state(spec, rule),
			List: Names{"namespaces": spaces, "storageclasses": {"gold"}}},
		{Row: "F16", Name: "rules of ProxySettings are off", Policy: implicit(rulesOff), Objects: state(spec, rule),
			List: Names{"namespaces": spaces}},
		{Row: "F16", Name: "rules of ProxySettings are not bounded", Policy: implicit(rulesUnbounded), Objects: state(spec, rule),
			List: Names{"namespaces": spaces, "storageclasses": {"gold", "zol"}}},
		{Row: "F16", Name: "a bounded rule for every kind", Policy: implicit(), Objects: state(spec, every),
			List: Names{"namespaces": spaces, "storageclasses": {"gold"}, "nodes": {"n1"}, "persistentvolumes": {"pv1"}}},
		{Row: "F16", Name: "an unbounded rule for every kind", Policy: implicit(rulesUnbounded), Objects: state(spec, every),
			List: Names{"namespaces": {"plain", "solar-a", "wind-a"}, "storageclasses": {"gold", "zol"}, "nodes": {"n1", "n2"}, "persistentvolumes": {"pv1", "pv2"}}},
		{Row: "F16", Name: "an unbounded rule with all operations", Policy: implicit(rulesUnbounded),
			Objects: state(spec, `{apiGroups: ["*"], resources: [nodes], operations: [List, Update, Delete], selector: {matchLabels: {t: "1"}}}`),
			List:    Names{"namespaces": spaces, "nodes": {"n1", "n2"}}},
		{Row: "F16", Name: "a bounded rule of a tenant that may see all", Policy: implicit(), Objects: state("{}", rule),
			List: Names{"namespaces": spaces, "storageclasses": {"gold", "zol"}}},
		{Row: "F16", Name: "a bounded rule of a tenant that says nothing, and the policy says none", Policy: implicit(unsetIsNone), Objects: state("{}", rule),
			List: Names{"namespaces": spaces}},
		{Row: "F16", Name: "a bounded rule with a selector that is empty", Policy: implicit(), List: Names{"namespaces": spaces},
			Objects: state(spec, `{apiGroups: ["*"], resources: ["*"], selector: {}}, {apiGroups: ["*"], resources: ["*"]}`)},
		{Row: "F16", Name: "a bounded rule that allows to get only", Policy: implicit(), List: Names{"namespaces": spaces}, Get: Names{"storageclasses": {"gold"}},
			Objects: state(spec, `{apiGroups: ["*"], resources: ["storageclasses"], operations: [Get, Update], selector: {matchLabels: {t: "1"}}}`)},
		{Row: "F16", Name: "an expression and labels bound a rule together", Policy: implicit(), List: Names{"namespaces": spaces, "storageclasses": {"gold", "zol"}},
			Objects: state("{storageClasses: {allowedRegex: '^z', matchLabels: {t: '1'}}}", `{apiGroups: ["*"], resources: ["storageclasses"], selector: {matchExpressions: [{key: t, operator: Exists}]}}`)},
	}
	for i := range cases {
		cases[i].User = bob
	}
	return cases
}

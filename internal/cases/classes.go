// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import "capsule.dev/tenantview/pkg/grants"

// classKind is a kind of classes. The cases of classes apply to all such kinds.
type classKind struct {
	resource, setting, group string
	// spec returns the part of a Tenant's spec that holds a class list, in YAML.
	spec  func(list string) string
	class func(name, labels string) *object
}

func classKinds() []classKind {
	return []classKind{
		{"storageclasses", "StorageClasses", "storage.k8s.io", func(l string) string { return "storageClasses: " + l }, storageClass},
		{"ingressclasses", "IngressClasses", "networking.k8s.io", func(l string) string { return "ingressOptions: {allowedClasses: " + l + "}" }, ingressClass},
		{"priorityclasses", "PriorityClasses", "scheduling.k8s.io", func(l string) string { return "priorityClasses: " + l }, priorityClass},
		{"runtimeclasses", "RuntimeClasses", "node.k8s.io", func(l string) string { return "runtimeClasses: " + l }, runtimeClass},
	}
}

// existing returns the classes of every case of class lists.
func (k classKind) existing() []*object {
	return []*object{
		k.class("gold", "{env: prod, disk: ssd}"), k.class("silver", "{env: prod}"), k.class("ssd-fast", "{env: test, disk: ssd}"),
		k.class("ssd-slow", "{env: test}"), k.class("my-ssd", "{env: ''}"), k.class("tin", ""),
	}
}

func (k classKind) names(names ...string) Names {
	if len(names) == 0 {
		return nil
	}
	return Names{k.resource: names}
}

// classes returns the cases of the class lists of Tenants.
func classes() []Case {
	everything := []string{"gold", "my-ssd", "silver", "ssd-fast", "ssd-slow", "tin"}
	lists := []struct {
		row, name string
		// list is the class list in YAML; "absent" leaves it out.
		list string
		want []string
		// policy changes the policy, if set.
		policy func(*grants.Policy)
	}{
		{row: "C1", name: "an absent list", list: "absent", want: everything},
		{row: "C1", name: "an absent list, and the policy says none", list: "absent", policy: unsetIsNone},
		{row: "C1", name: "a list that is null", list: "null", want: everything},
		{row: "C2", name: "an empty list", list: "{}"},
		{row: "C2", name: "an empty list, and the policy says none", list: "{}", policy: unsetIsNone},
		{row: "C3", name: "a name", list: "{allowed: [gold]}", want: []string{"gold"}},
		{row: "C3", name: "part of a name, and a name in another case", list: "{allowed: [gol, Gold, go*]}"},
		{row: "C4", name: "a name that does not exist", list: "{allowed: [nope]}"},
		{row: "C6", name: "a name and a default", list: "{allowed: [gold], default: silver}", want: []string{"gold", "silver"}},
		{row: "C7", name: "a default", list: "{default: silver}", want: []string{"silver"}},
		{row: "C8", name: "a default that does not exist", list: "{default: nope}"},
		{row: "C10", name: "an expression for the start of the name", list: `{allowedRegex: "^ssd-"}`, want: []string{"ssd-fast", "ssd-slow"}},
		{row: "C10", name: "an expression that matches anywhere", list: `{allowedRegex: "ssd"}`, want: []string{"my-ssd", "ssd-fast", "ssd-slow"}},
		{row: "C11", name: "an expression that is not valid", list: `{allowedRegex: "("}`},
		{row: "C11", name: "an expression that is not valid beside a name", list: `{allowed: [gold], allowedRegex: "["}`, want: []string{"gold"}},
		{row: "C13", name: "labels", list: "{matchLabels: {env: prod}}", want: []string{"gold", "silver"}},
		{row: "C13", name: "a label with an empty value", list: "{matchLabels: {env: ''}}", want: []string{"my-ssd"}},
		{row: "C14", name: "labels and expressions, all of which must match",
			list: "{matchLabels: {disk: ssd}, matchExpressions: [{key: env, operator: In, values: [prod, dev]}]}", want: []string{"gold"}},
		{row: "C14", name: "labels that must not have a value",
			list: "{matchExpressions: [{key: env, operator: NotIn, values: [prod, test]}]}", want: []string{"my-ssd", "tin"}},
		{row: "C14", name: "labels that must exist, and that must not",
			list: "{matchExpressions: [{key: env, operator: Exists}, {key: disk, operator: DoesNotExist}]}", want: []string{"my-ssd", "silver", "ssd-slow"}},
		{row: "C16", name: "an operator that does not exist", list: "{matchExpressions: [{key: env, operator: Foo}]}"},
		{row: "C16", name: "an operator without the values that it needs", list: "{matchExpressions: [{key: env, operator: In}]}"},
		{row: "C16", name: "a label key that is not valid", list: "{matchLabels: {'not valid': x, env: prod}}"},
		{row: "C17", name: "an operator that does not exist beside a name",
			list: "{allowed: [gold], matchExpressions: [{key: env, operator: Foo}]}", want: []string{"gold"}},
		{row: "C20", name: "all that a list can have",
			list: "{allowed: [tin], default: silver, allowedRegex: '^my-', matchLabels: {disk: ssd, env: test}}", want: []string{"my-ssd", "silver", "ssd-fast", "tin"}},
		{row: "C24", name: "an empty name", list: `{allowed: ["", gold]}`, want: []string{"gold"}},
	}
	var all []Case
	for _, k := range classKinds() {
		for _, l := range lists {
			spec := []string{ownedBy("User alice")}
			if l.list != "absent" {
				spec = append(spec, k.spec(l.list))
			}
			// The lists of other kinds must not matter.
			for _, other := range classKinds() {
				if other.resource != k.resource {
					spec = append(spec, other.spec("{allowed: [nope]}"))
				}
			}
			c := Case{Row: l.row, Name: k.resource + ": " + l.name, Policy: implicit(), User: alice,
				Objects: append([]*object{tenant("solar", append(spec, "nodeSelector: {pool: solar}")...)}, k.existing()...),
				List:    k.names(l.want...)}
			if l.policy != nil {
				l.policy(&c.Policy)
			}
			all = append(all, c)
		}
		all = append(all, k.more()...)
	}
	return append(all, storage()...)
}

// more returns the cases of several Tenants with lists of one kind, and of what a Tenant does not
// decide.
func (k classKind) more() []Case {
	two := func(solar ...string) []*object {
		return append([]*object{
			tenant("solar", append(solar, ownedBy("User alice"))...), tenant("wind", ownedBy("User alice"), k.spec("{allowed: [gold]}")),
		}, k.existing()...)
	}
	all := []Case{
		{Row: "C28", Name: "the list of one tenant is absent", Policy: implicit(), Objects: two(),
			List: k.names("gold", "my-ssd", "silver", "ssd-fast", "ssd-slow", "tin")},
		{Row: "C28", Name: "the list of one tenant is absent, and the policy says none", Policy: implicit(unsetIsNone), Objects: two(),
			List: k.names("gold")},
		{Row: "C28", Name: "the list of one tenant is empty", Policy: implicit(), Objects: two(k.spec("{}")),
			List: k.names("gold")},
	}
	for i := range all {
		all[i].Name = k.resource + ": " + all[i].Name
		all[i].User = alice
	}
	return all
}

// storage returns the cases of single kinds of classes.
func storage() []Case {
	annotated := func(o *object, key string) *object {
		o.SetAnnotations(map[string]string{key: "true"})
		return o
	}
	solar := func(spec ...string) []*object {
		return []*object{tenant("solar", append(spec, ownedBy("User alice"))...)}
	}
	globalDefault := priorityClass("everyday", "")
	globalDefault.Object["globalDefault"] = true
	cases := []Case{
		{Row: "C21", Name: "a class without the label of its name",
			Objects: append(solar("storageClasses: {allowed: [gold]}"), storageClass("gold", "")),
			List:    Names{"storageclasses": {"gold"}}},
		{Row: "C22", Name: "the cluster's default StorageClass, which the tenant does not name",
			Objects: append(solar("storageClasses: {allowed: [gold]}"), storageClass("gold", ""),
				annotated(storageClass("standard", ""), "storageclass.kubernetes.io/is-default-class")),
			List: Names{"storageclasses": {"gold"}}},
		{Row: "C25", Name: "classes in the tenant's status decide nothing",
			Objects: append([]*object{withStatus(solar("storageClasses: {allowed: [gold]}")[0], "{classes: {storage: [silver]}}")},
				storageClass("gold", ""), storageClass("silver", "")),
			List: Names{"storageclasses": {"gold"}}},
		{Row: "C35", Name: "ingress options without a class list",
			Objects: append(solar("ingressOptions: {hostnameCollisionScope: Disabled, allowedHostnames: {allowed: [a.example.com]}}"),
				ingressClass("public", ""), ingressClass("internal", "")),
			List: Names{"ingressclasses": {"internal", "public"}}},
		{Row: "C36", Name: "an expression for IngressClasses",
			Objects: append(solar(`ingressOptions: {allowedClasses: {allowed: [custom], allowedRegex: "\\w+-lb"}}`),
				ingressClass("custom", ""), ingressClass("external-lb", ""), ingressClass("internal-lb", ""), ingressClass("nope", "")),
			List: Names{"ingressclasses": {"custom", "external-lb", "internal-lb"}}},
		{Row: "C38", Name: "the cluster's default PriorityClass, which the tenant does not name",
			Objects: append(solar("priorityClasses: {allowed: [batch]}"), priorityClass("batch", ""), globalDefault),
			List:    Names{"priorityclasses": {"batch"}}},
	}
	for i := range cases {
		cases[i].Policy, cases[i].User = implicit(), alice
	}
	return cases
}

// proxySettingsOfOwners returns the cases of owners who see only the kinds that their proxySettings
// name.
func proxySettingsOfOwners() []Case {
	state := func(owners string) []*object { return in([]*object{tenant("solar", solarSpec, "owners: "+owners)}) }
	spaces := Names{"namespaces": {"solar-a", "solar-b"}}
	cases := []Case{
		{Row: "C31", Name: "an owner without proxySettings", Objects: state("[{kind: User, name: alice}]"), List: spaces},
		{Row: "C32", Name: "an owner of unknown kinds, and of none",
			Objects: state(`[{kind: User, name: alice, proxySettings: [{kind: Namespaces, operations: [List]}, {kind: "", operations: [List]}, {kind: storageclasses, operations: [List]}]}]`), List: spaces},
		{Row: "C33", Name: "an owner who may write, but not list",
			Objects: state("[{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [Update, Delete, Get]}]}]"), List: spaces},
		{Row: "C33", Name: "operations do not add up over entries that lack List",
			Objects: state("[{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [Update]}, {kind: StorageClasses, operations: []}]}]"), List: spaces},
		{Row: "C31", Name: "proxySettings of another owner",
			Objects: state("[{kind: User, name: alice}, {kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}]"), List: spaces},
		{Row: "C31", Name: "an owner by his status has no proxySettings",
			Objects: in([]*object{withStatus(tenant("solar", solarSpec), "{owners: [{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List]}]}]}")}), List: spaces},
		{Row: "C32", Name: "proxySettings of several entries add up",
			Objects: state("[{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List]}]}, {kind: Group, name: 'system:authenticated', proxySettings: [{kind: Nodes, operations: [List, Update]}]}]"),
			List:    Names{"namespaces": {"solar-a", "solar-b"}, "storageclasses": {"gold"}, "nodes": {"solar-1", "solar-2"}}},
	}
	kinds := map[string]string{"nodes": "Nodes", "persistentvolumes": "PersistentVolumes"}
	for _, k := range classKinds() {
		kinds[k.resource] = k.setting
	}
	for _, resource := range []string{"ingressclasses", "nodes", "persistentvolumes", "priorityclasses", "runtimeclasses", "storageclasses"} {
		cases = append(cases, Case{Row: "C32", Name: "an owner with proxySettings for " + resource,
			Objects: state("[{kind: User, name: alice, proxySettings: [{kind: " + kinds[resource] + ", operations: [List]}]}]"),
			List:    Names{"namespaces": {"solar-a", "solar-b"}, resource: ofSolar()[resource]}})
	}
	for i := range cases {
		cases[i].Policy, cases[i].User = implicit(bySettings), alice
	}
	return cases
}

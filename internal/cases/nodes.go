// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

// nodes returns the cases of the nodes of a Tenant.
func nodes() []Case {
	all := []*object{
		node("a1", "{pool: a, zone: x}"), node("a2", "{pool: a}"), node("b1", "{pool: b, zone: x}"), node("none", ""), node("empty", "{pool: ''}"),
	}
	state := func(spec string, more ...*object) []*object {
		return append(append([]*object{tenant("solar", ownedBy("User alice"), spec)}, all...), more...)
	}
	ps := func(subject string) []*object {
		return state("nodeSelector: {pool: a}", namespaceOf("solar", "solar-a"), proxySetting("solar-a", "ps", subject))
	}
	cordoned := node("a3", "{pool: a}")
	cordoned.Object["spec"] = fields("{unschedulable: true}")
	cordoned = withStatus(cordoned, `{conditions: [{type: Ready, status: "False", reason: KubeletNotReady, message: not ready}]}`)
	return []Case{
		{Row: "D1", Name: "a node selector", User: alice, Policy: implicit(), Objects: state("nodeSelector: {pool: a}"),
			List: Names{"nodes": {"a1", "a2"}}},
		{Row: "D1", Name: "a node selector with an empty value", User: alice, Policy: implicit(), Objects: state("nodeSelector: {pool: ''}"),
			List: Names{"nodes": {"empty"}}},
		{Row: "D2", Name: "a node selector with two labels", User: alice, Policy: implicit(), Objects: state("nodeSelector: {pool: a, zone: x}"),
			List: Names{"nodes": {"a1"}}},
		{Row: "D3", Name: "no node selector", User: alice, Policy: implicit(), Objects: state("{}"),
			List: Names{"nodes": {"a1", "a2", "b1", "empty", "none"}}},
		{Row: "D3", Name: "no node selector, and the policy says none", User: alice, Policy: implicit(unsetNodesAreNone), Objects: state("{}")},
		{Row: "D3", Name: "an empty node selector, and the policy says none", User: alice, Policy: implicit(unsetNodesAreNone), Objects: state("nodeSelector: {}")},
		{Row: "D7", Name: "the nodes of two tenants", User: alice, Policy: implicit(),
			Objects: state("nodeSelector: {pool: a}", tenant("wind", ownedBy("User alice"), "nodeSelector: {pool: b}")),
			List:    Names{"nodes": {"a1", "a2", "b1"}}},
		{Row: "D9", Name: "a node that has lost its label", User: alice, Policy: implicit(),
			Before:  []*object{tenant("solar", ownedBy("User alice"), "nodeSelector: {pool: a}"), node("a1", "{pool: a}"), node("a2", "{pool: a}")},
			Objects: []*object{tenant("solar", ownedBy("User alice"), "nodeSelector: {pool: a}"), node("a1", "{zone: x}"), node("a2", "{pool: a}")},
			List:    Names{"nodes": {"a2"}}},
		{Row: "D10", Name: "a node selector that no node meets", User: alice, Policy: implicit(), Objects: state("nodeSelector: {pool: c}")},
		{Row: "D11", Name: "a node that is not ready, and cordoned", User: alice, Policy: implicit(),
			Objects: state("nodeSelector: {pool: a}", cordoned),
			List:    Names{"nodes": {"a1", "a2", "a3"}}},
		{Row: "D13", Name: "an owner whose proxySettings do not name nodes", User: alice, Policy: implicit(bySettings),
			Objects: state("nodeSelector: {pool: a}")},
		{Row: "D14", Name: "the subject of a ProxySetting that does not name nodes", User: bob, Policy: implicit(),
			Objects: ps("{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}"),
			List:    Names{"namespaces": {"solar-a"}}},
		{Row: "D15", Name: "the subject of a ProxySetting that names nodes", User: bob, Policy: implicit(),
			Objects: ps("{kind: User, name: bob, proxySettings: [{kind: Nodes, operations: [List]}]}"),
			List:    Names{"namespaces": {"solar-a"}, "nodes": {"a1", "a2"}}},
	}
}

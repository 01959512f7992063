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

func TestProxySettings(t *testing.T) {
	const tenant = `
metadata: {name: solar}
spec:
  nodeSelector: {pool: a}
  storageClasses: {allowed: [gold, silver]}
  ingressOptions: {allowedClasses: {}}`
	const spaces = "User bob: list get namespaces partition/solar"
	classes, x := view.Names("gold", "silver"), view.Label("t", "x")
	within := func(bound view.Criterion) string { return view.And(x, bound).Key() }
	cases := map[string]struct {
		rules    grants.ProxySettingRules
		subjects string
		want     []string
		problems []string
	}{
		"nobody":       {},
		"namespaces":   {subjects: "{kind: User, name: bob}", want: lines(spaces)},
		"two subjects": {subjects: "{kind: User, name: bob}, {kind: Group, name: bob}", want: lines(spaces, "Group bob: list get namespaces partition/solar")},
		"a kind": {subjects: "{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}",
			want: lines(spaces, "User bob: list get storageclasses "+classes.Key())},
		"a kind of which the tenant may see nothing": {subjects: "{kind: User, name: bob, proxySettings: [{kind: IngressClasses, operations: [List]}]}",
			want: lines(spaces)},
		"what makes no sense": {subjects: "{kind: User, name: bob, proxySettings: [{kind: Pods, operations: [List]}, {kind: Nodes, operations: [Watch]}]}, {kind: Robot, name: bob}",
			want: lines(spaces), problems: []string{grants.ReasonKind, grants.ReasonOperation, grants.ReasonSubject}},
		"a rule within what the tenant may see": {rules: grants.ProxySettingRulesTenantBounded,
			subjects: "{kind: User, name: bob, clusterResources: [{apiGroups: ['*'], resources: ['*'], operations: [List], selector: {matchLabels: {t: x}}}]}",
			want: lines(spaces,
				"User bob: list get namespaces "+within(view.Partition("solar")),
				"User bob: list get nodes "+within(view.Label("pool", "a")),
				"User bob: list get storageclasses "+within(classes))},
		"two rules": {rules: grants.ProxySettingRulesTenantBounded,
			subjects: "{kind: User, name: bob, clusterResources: [{apiGroups: [''], resources: [nodes], selector: {matchLabels: {t: x}}}, {apiGroups: [''], resources: [nodes], operations: [List], selector: {matchLabels: {t: z}}}, " +
				"{apiGroups: [''], resources: [nodes], operations: [Get], selector: {matchLabels: {t: z}}}]}",
			want: lines(spaces,
				"User bob: list get nodes "+view.And(view.Or(x, view.Label("t", "z")), view.Label("pool", "a")).Key(),
				"User bob: get nodes "+view.And(view.Label("t", "z"), view.Label("pool", "a")).Key())},
		"a rule without bounds": {rules: grants.ProxySettingRulesUnbounded,
			subjects: "{kind: User, name: bob, clusterResources: [{apiGroups: ['*'], resources: ['*'], operations: [List], selector: {matchLabels: {t: x}}}]}",
			want: lines(spaces,
				"User bob: list get namespaces "+x.Key(),
				"User bob: list get nodes "+x.Key(),
				"User bob: list get storageclasses "+x.Key(),
				"User bob: list get ingressclasses "+x.Key())},
		"a rule that gives writes": {rules: grants.ProxySettingRulesTenantBounded,
			subjects: "{kind: User, name: bob, clusterResources: [{apiGroups: [''], resources: [nodes], operations: [List, Update, Delete], selector: {matchLabels: {t: x}}}]}",
			want:     lines(spaces, "User bob: list get update delete nodes "+within(view.Label("pool", "a")))},
		// Otherwise its writer could change and delete every node of the cluster.
		"a rule without bounds gives no writes": {rules: grants.ProxySettingRulesUnbounded,
			subjects: "{kind: User, name: bob, clusterResources: [{apiGroups: [''], resources: [nodes], operations: [List, Update, Delete], selector: {matchLabels: {t: x}}}, " +
				"{apiGroups: ['*'], resources: [storageclasses], operations: [Update, Get], selector: {matchLabels: {t: x}}}]}",
			want: lines(spaces, "User bob: list get nodes "+x.Key(), "User bob: get storageclasses "+x.Key())},
		"proxy settings give writes without bounds of rules": {rules: grants.ProxySettingRulesUnbounded,
			subjects: "{kind: User, name: bob, proxySettings: [{kind: Nodes, operations: [List, Update, Delete]}]}",
			want:     lines(spaces, "User bob: list get update delete nodes label/4:pool=a")},
		"rules are off": {rules: grants.ProxySettingRulesOff,
			subjects: "{kind: User, name: bob, clusterResources: [{apiGroups: ['*'], resources: ['*'], operations: [List], selector: {matchLabels: {t: x}}}]}",
			want:     lines(spaces)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			policy.ProxySettingRules = tc.rules
			rules := grants.NewRules(kinds(), policy)
			setting := parse[capsule.ProxySetting](t, "{metadata: {name: ps, namespace: solar-a}, spec: {subjects: ["+tc.subjects+"]}}")
			held, problems := rules.OfProxySettings([]*capsule.ProxySetting{setting}, parse[capsule.Tenant](t, tenant))
			if diff := cmp.Diff(tc.want, show(held)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems[0])); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// A problem of a Tenant is reported once, for the Tenant, even if its namespaces contain many
// settings.
func TestProxySettingsDoNotReportTheTenantsProblems(t *testing.T) {
	rules := grants.NewRules(kinds(), grants.DefaultPolicy())
	tenant := parse[capsule.Tenant](t, "{metadata: {name: solar}, spec: {storageClasses: {allowedRegex: '('}}}")
	setting := parse[capsule.ProxySetting](t, "{spec: {subjects: [{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}]}}")
	if _, problems := rules.OfProxySettings([]*capsule.ProxySetting{setting}, tenant); problems[0] != nil {
		t.Errorf("problems: %v", problems)
	}
}

func TestGlobalProxySettings(t *testing.T) {
	const toCarol = "subjects: [{kind: User, name: carol}], clusterResources: "
	const selector = "selector: {matchLabels: {t: x}}"
	every := func(operations string) string {
		return "{" + toCarol + "[{apiGroups: ['*'], resources: [nodes], operations: " + operations + ", " + selector + "}]}"
	}
	cases := map[string]struct {
		rules    string
		off      bool
		want     []string
		problems []string
	}{
		"no rules":      {},
		"no resources":  {rules: "{" + toCarol + "[]}"},
		"List":          {rules: every("[List]"), want: lines("User carol: list get nodes label/1:t=x")},
		"Get":           {rules: every("[Get]"), want: lines("User carol: get nodes label/1:t=x")},
		"no operations": {rules: every("[]"), want: lines("User carol: list get nodes label/1:t=x")},
		"all operations": {rules: every("[List, Get, Update, Delete]"),
			want: lines("User carol: list get update delete nodes label/1:t=x")},
		"writes without List":          {rules: every("[Update, Delete]")},
		"writes with Get":              {rules: every("[Get, Update]"), want: lines("User carol: get nodes label/1:t=x")},
		"an unknown operation":         {rules: every("[Watch]"), problems: []string{grants.ReasonOperation}},
		"an unknown operation and Get": {rules: every("['', Get]"), want: lines("User carol: get nodes label/1:t=x"), problems: []string{grants.ReasonOperation}},
		"off":                          {rules: every("[List]"), off: true},
		"several subjects": {rules: "{subjects: [{kind: User, name: a}, {kind: Group, name: b}, {kind: ServiceAccount, name: c}], clusterResources: [{apiGroups: [''], resources: [nodes], " + selector + "}]}",
			want: lines("User a: list get nodes label/1:t=x", "Group b: list get nodes label/1:t=x", "User c: list get nodes label/1:t=x")},
		"subjects that make no sense": {rules: "{subjects: [{kind: User}, {kind: Robot, name: carol}], clusterResources: [{apiGroups: [''], resources: [nodes], " + selector + "}]}",
			problems: []string{grants.ReasonSubject, grants.ReasonSubject}},
		"a selector that is absent, or empty, or not valid, and another rule": {
			rules: "{" + toCarol + "[{apiGroups: ['*'], resources: ['*']}, {apiGroups: ['*'], resources: ['*'], selector: {}}, " +
				"{apiGroups: ['*'], resources: ['*'], selector: {matchExpressions: [{key: t, operator: Foo}]}}, {apiGroups: [''], resources: [nodes], " + selector + "}]}",
			want: lines("User carol: list get nodes label/1:t=x"), problems: []string{grants.ReasonSelector}},
		// Merging the requirements of two rules would select too little. Treating the requirements
		// of one rule as alternatives would select too much.
		"requirements of one rule, and of two": {
			rules: "{" + toCarol + "[{apiGroups: [''], resources: [nodes], selector: {matchLabels: {t: x}, matchExpressions: [{key: u, operator: Exists}]}}, {apiGroups: [''], resources: [nodes], selector: {matchLabels: {v: z}}}]}",
			want:  lines("User carol: list get nodes " + view.Or(view.And(view.Label("t", "x"), view.HasLabel("u")), view.Label("v", "z")).Key())},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			if tc.off {
				policy.GlobalProxySettings = grants.Off
			}
			setting := parse[capsule.GlobalProxySetting](t, "{metadata: {name: gps}, spec: {rules: ["+tc.rules+"]}}")
			held, problems := grants.NewRules(kinds(), policy).OfGlobalProxySetting(setting)
			if diff := cmp.Diff(tc.want, show(held)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

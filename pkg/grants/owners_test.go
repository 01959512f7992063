// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
)

func TestOwners(t *testing.T) {
	const spec = "nodeSelector: {pool: a}, storageClasses: {allowed: [gold]}, ingressOptions: {allowedClasses: {default: public}}"
	const (
		spaces = "list get namespaces partition/solar"
		nodes  = "list get nodes label/4:pool=a"
		gold   = "list get storageclasses name/gold"
		public = "list get ingressclasses name/public"
	)
	implicit := func(p *grants.Policy) { p.OwnerGrants = grants.OwnerGrantsImplicit }
	cases := map[string]struct {
		policy   func(*grants.Policy)
		owners   string
		status   string
		want     []string
		problems []string
	}{
		"no owners":                  {},
		"no owners, implicit grants": {policy: implicit},
		"a user":                     {owners: "{kind: User, name: alice}", want: lines("User alice: " + spaces)},
		"a group":                    {owners: "{kind: Group, name: devs}", want: lines("Group devs: " + spaces)},
		// A service account is the user with its full name.
		"a service account": {owners: "{kind: ServiceAccount, name: 'system:serviceaccount:ci:bot'}",
			want: lines("User system:serviceaccount:ci:bot: " + spaces)},
		"an owner by the status": {status: "{kind: User, name: bob, clusterRoles: [admin]}", want: lines("User bob: " + spaces)},
		"owners by both": {owners: "{kind: User, name: alice}", status: "{kind: User, name: alice}, {kind: User, name: bob}",
			want: lines("User alice: "+spaces, "User bob: "+spaces)},
		"implicit grants": {policy: implicit, owners: "{kind: User, name: alice}", status: "{kind: Group, name: devs}",
			want: lines("User alice: "+spaces, "User alice: "+nodes, "User alice: "+gold, "User alice: "+public,
				"Group devs: "+spaces, "Group devs: "+nodes, "Group devs: "+gold, "Group devs: "+public)},
		"proxy settings": {owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [List]}, {kind: IngressClasses, operations: [List]}]}",
			want: lines("User alice: "+spaces, "User alice: "+nodes, "User alice: "+public)},
		"proxy settings are of their entry": {owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [List]}]}, {kind: User, name: bob}",
			want: lines("User alice: "+spaces, "User alice: "+nodes, "User bob: "+spaces)},
		"writes": {owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [Update, Delete, List]}]}",
			want: lines("User alice: "+spaces, "User alice: list get update delete nodes label/4:pool=a")},
		"writes without List": {owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [Update, Delete]}, {kind: StorageClasses, operations: []}]}",
			want: lines("User alice: " + spaces)},
		"Get shows nothing in proxy settings": {owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [Get]}]}",
			want: lines("User alice: " + spaces)},
		// Otherwise owners could write more than their proxySettings show them.
		"implicit grants allow no writes by themselves": {policy: implicit, owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [Update]}]}",
			want: lines("User alice: "+spaces, "User alice: "+nodes, "User alice: "+gold, "User alice: "+public)},
		"an unknown operation": {owners: "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: [Watch, List]}]}",
			want: lines("User alice: "+spaces, "User alice: "+nodes), problems: []string{grants.ReasonOperation}},
		"an unknown kind": {owners: "{kind: User, name: alice, proxySettings: [{kind: Pods, operations: [List]}, {kind: '', operations: [List]}]}",
			want: lines("User alice: " + spaces), problems: []string{grants.ReasonKind, grants.ReasonKind}},
		"subjects that make no sense": {owners: "{kind: User, name: ''}, {kind: Robot, name: r}, {name: alice}", status: "{kind: group, name: devs}, {kind: User, name: bob}",
			want: lines("User bob: " + spaces), problems: []string{grants.ReasonSubject, grants.ReasonSubject, grants.ReasonSubject, grants.ReasonSubject}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			if tc.policy != nil {
				tc.policy(&policy)
			}
			tenant := parse[capsule.Tenant](t, "{metadata: {name: solar}, spec: {owners: ["+tc.owners+"], "+spec+"}, status: {owners: ["+tc.status+"]}}")
			held, problems := grants.NewRules(kinds(), policy).OfTenant(tenant)
			if diff := cmp.Diff(tc.want, show(held)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// A problem in a class list or a node selector is a problem of the Tenant. It names the list, and
// the rest of the Tenant still counts.
func TestProblemsOfATenant(t *testing.T) {
	tenant := parse[capsule.Tenant](t, `
metadata: {name: solar}
spec:
  owners: [{kind: User, name: alice}]
  nodeSelector: {"not valid": a}
  storageClasses: {allowedRegex: "(", allowed: [gold]}
  ingressOptions: {allowedClasses: {matchExpressions: [{key: a, operator: Like}]}}`)
	held, problems := grants.NewRules(kinds(), grants.Policy{OwnerGrants: grants.OwnerGrantsImplicit}).OfTenant(tenant)
	want := lines("User alice: list get namespaces partition/solar", "User alice: list get storageclasses name/gold")
	if diff := cmp.Diff(want, show(held)); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	wantProblems := []grants.Problem{
		{Reason: grants.ReasonSelector, Detail: `nodes: nodeSelector: key: Invalid value: "not valid": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`},
		{Reason: grants.ReasonRegex, Detail: "storageclasses: allowedRegex: error parsing regexp: missing closing ): `(`"},
		{Reason: grants.ReasonSelector, Detail: `ingressclasses: selector: "Like" is not a valid label selector operator`},
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

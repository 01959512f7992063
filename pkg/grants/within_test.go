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

// With ProxySettingGrantsOwners, a ProxySetting gives at most the operations that an owner of the
// Tenant has, in its proxySettings and in its rules.
func TestOwnersBoundOperations(t *testing.T) {
	const spaces = "User bob: list get namespaces partition/solar"
	owner := func(operations string) string {
		return "{kind: User, name: alice, proxySettings: [{kind: Nodes, operations: " + operations + "}]}"
	}
	pool, x := view.Label("pool", "a"), view.Label("t", "x")
	within := view.And(x, pool).Key()
	for name, tc := range map[string]struct {
		policy func(*grants.Policy)
		owners string
		want   []string
	}{
		"an owner who may list": {owners: owner("[List]"),
			want: lines(spaces, "User bob: list get nodes "+pool.Key(), "User bob: list get nodes "+within)},
		"an owner who may update": {owners: owner("[List, Update]"),
			want: lines(spaces, "User bob: list get update nodes "+pool.Key(), "User bob: list get update nodes "+within)},
		"two owners": {owners: owner("[List, Update]") + ", " + owner("[List, Delete]"),
			want: lines(spaces, "User bob: list get update delete nodes "+pool.Key(), "User bob: list get update delete nodes "+within)},
		"an owner who has Update without List": {owners: owner("[Update, Delete]"), want: lines(spaces)},
		"an owner by implicit grants": {policy: func(p *grants.Policy) { p.OwnerGrants = grants.OwnerGrantsImplicit }, owners: "{kind: User, name: alice}",
			want: lines(spaces, "User bob: list get nodes "+pool.Key(), "User bob: list get nodes "+within)},
		"rules without bounds": {policy: func(p *grants.Policy) { p.ProxySettingRules = grants.ProxySettingRulesUnbounded }, owners: owner("[List, Update, Delete]"),
			want: lines(spaces, "User bob: list get update delete nodes "+pool.Key(), "User bob: list get nodes "+x.Key())},
	} {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			policy.ProxySettingGrants = grants.ProxySettingGrantsOwners
			if tc.policy != nil {
				tc.policy(&policy)
			}
			tenant := parse[capsule.Tenant](t, "{metadata: {name: solar}, spec: {owners: ["+tc.owners+"], nodeSelector: {pool: a}}}")
			setting := parse[capsule.ProxySetting](t, `{metadata: {name: ps, namespace: solar-a}, spec: {subjects: [{kind: User, name: bob,
				proxySettings: [{kind: Nodes, operations: [List, Update, Delete]}],
				clusterResources: [{apiGroups: [''], resources: [nodes], operations: [List, Update, Delete], selector: {matchLabels: {t: x}}}]}]}}`)
			held, _ := grants.NewRules(kinds(), policy).OfProxySettings([]*capsule.ProxySetting{setting}, tenant)
			if diff := cmp.Diff(tc.want, show(held)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
		})
	}
}

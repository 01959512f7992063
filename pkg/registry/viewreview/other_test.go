// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
)

const (
	ownerRef = `{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: solar, uid: u}`
	solarNS  = `{apiVersion: v1, kind: Namespace, metadata: {name: solar-web, ownerReferences: [` + ownerRef + `]}}`
	gold     = `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gold, labels: {a: b}}}`
)

// tenantOf returns the Tenant solar with owners and the rest of its spec, in YAML.
func tenantOf(owners, rest string) string {
	return `{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: solar, uid: u}, spec: {owners: [` + owners + `]` + rest + `}}`
}

func setting(namespace, subjects string) string {
	return `{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: ps, namespace: ` + namespace + `}, spec: {subjects: [` + subjects + `]}}`
}

func global(resources string) string {
	return `{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: gps}, spec: {rules: [{subjects: [{kind: User, name: alice}], clusterResources: [` + resources + `]}]}}`
}

func rule(rest string) string { return `{apiGroups: ["*"], resources: ["*"]` + rest + `}` }

const selectsGold = `, selector: {matchLabels: {a: b}}`

// Each row is what almost shows alice something, and does not.
func TestNearMisses(t *testing.T) {
	sees := `{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List]}]}`
	for name, tc := range map[string]struct {
		policy   func(*grants.Policy)
		objects  []string
		resource string // storageclasses if empty
		name     string
		want     string // SOURCE NAMESPACE/NAME PATH: part of the reason
	}{
		"the case of a name":                 {objects: []string{tenantOf(`{kind: User, name: zoe}, {kind: User, name: Alice}`, "")}, want: `Tenant /solar spec.owners[1]: it names the user name "Alice", but the user has the user name "alice"`},
		"the case of a group":                {objects: []string{solarNS, tenantOf("", ""), setting("solar-web", `{kind: Group, name: Devs}`)}, want: `ProxySetting solar-web/ps spec.subjects[0]: it names the group "Devs", but the user has the group "devs"`},
		"a group named as a user":            {objects: []string{tenantOf(`{kind: User, name: devs}`, "")}, want: `Tenant /solar spec.owners[0]: it names the user "devs", but that is a group`},
		"a user named as a group":            {objects: []string{tenantOf(`{kind: Group, name: alice}`, "")}, want: `Tenant /solar spec.owners[0]: it names the group "alice", but that is the name of the user`},
		"an owner without the kind":          {objects: []string{tenantOf(`{kind: User, name: alice}`, "")}, want: `Tenant /solar spec.owners[0]: its proxySettings do not list StorageClasses (--owner-grants=ProxySettings)`},
		"an owner of the status":             {objects: []string{`{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: solar, uid: u}, spec: {owners: [{kind: User, name: zoe}]}, status: {owners: [{kind: User, name: alice}]}}`}, want: `Tenant /solar status.owners[0]: its proxySettings do not list`},
		"operations without List":            {objects: []string{tenantOf(`{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [Update]}]}`, "")}, want: `Tenant /solar spec.owners[0]: its proxySettings list the kind with the operations ["Update"], which show nothing without List`},
		"an unset list":                      {policy: func(p *grants.Policy) { p.UnsetClasses = grants.UnsetNone }, objects: []string{tenantOf(sees, "")}, want: `Tenant /solar spec.owners[0].proxySettings: the Tenant itself may see none: its spec.storageClasses`},
		"an expression that is not valid":    {objects: []string{tenantOf(sees, `, storageClasses: {allowedRegex: "("}`)}, want: "Tenant /solar : storageclasses: allowedRegex: error parsing regexp"},
		"a setting outside of a Tenant":      {objects: []string{`{apiVersion: v1, kind: Namespace, metadata: {name: plain}}`, setting("plain", `{kind: User, name: alice}`)}, want: `ProxySetting plain/ps : it names the user, but the namespace plain belongs to no Tenant`},
		"a rule without a selector":          {objects: []string{global(rule(""))}, want: "GlobalProxySettings /gps spec.rules[0].clusterResources[0]: the rule has no selector"},
		"an empty selector":                  {objects: []string{global(rule(`, selector: {}`))}, want: "GlobalProxySettings /gps spec.rules[0].clusterResources[0]: the selector of the rule has no requirements"},
		"a selector that is not valid":       {objects: []string{global(rule(`, selector: {matchExpressions: [{key: a, operator: Like}]}`))}, want: `GlobalProxySettings /gps spec.rules[0].clusterResources[0]: selector: "Like" is not a valid`},
		"a rule that only updates":           {objects: []string{global(rule(selectsGold + `, operations: [Update]`))}, want: `GlobalProxySettings /gps spec.rules[0].clusterResources[0]: the operations ["Update"] of the rule show nothing`},
		"an operation that is not known":     {objects: []string{global(rule(selectsGold + `, operations: [Watch]`))}, want: `GlobalProxySettings /gps spec.rules[0].clusterResources[0]: unknown operation "Watch"`},
		"global rules switched off":          {policy: func(p *grants.Policy) { p.GlobalProxySettings = grants.Off }, objects: []string{global(rule(selectsGold))}, want: "GlobalProxySettings /gps spec.rules[0].clusterResources[0]: such rules are switched off (--global-proxy-settings=Off)"},
		"rules of settings switched off":     {policy: func(p *grants.Policy) { p.ProxySettingRules = grants.ProxySettingRulesOff }, objects: []string{solarNS, tenantOf("", ""), setting("solar-web", `{kind: User, name: alice, clusterResources: [`+rule(selectsGold)+`]}`)}, want: "ProxySetting solar-web/ps spec.subjects[0].clusterResources[0]: such rules are switched off (--proxy-setting-rules=Off)"},
		"settings beyond the owners":         {policy: func(p *grants.Policy) { p.ProxySettingGrants = grants.ProxySettingGrantsOwners }, objects: []string{solarNS, tenantOf("", ""), setting("solar-web", sees)}, want: "ProxySetting solar-web/ps spec.subjects[0].proxySettings: no owner of the Tenant has the operations that it grants (--proxy-setting-grants=Owners)"},
		"everybody in a setting":             {objects: []string{solarNS, tenantOf("", ""), setting("solar-web", `{kind: Group, name: "system:authenticated", proxySettings: [{kind: StorageClasses, operations: [List]}]}`)}, want: `ProxySetting solar-web/ps spec.subjects[0]: group "system:authenticated" includes everybody`},
		"a rule beyond the budget":           {objects: []string{solarNS, tenantOf("", ""), setting("solar-web", `{kind: User, name: mallory, clusterResources: [`+strings.Repeat(rule(selectsGold)+", ", 256)+`]}, {kind: User, name: alice, clusterResources: [`+rule(selectsGold)+`]}`)}, want: "ProxySetting solar-web/ps spec.subjects[1].clusterResources[0]: the ProxySettings of a Tenant may have at most 256 clusterResources"},
		"no user of Capsule":                 {policy: func(p *grants.Policy) { p.CapsuleUsersOnly = true }, objects: []string{tenantOf(sees, "")}, want: "Tenant /solar spec.owners[0].proxySettings: Capsule's configuration does not name the user"},
		"an old uid":                         {objects: []string{strings.Replace(solarNS, "uid: u", "uid: old", 1), tenantOf(sees, "")}, resource: "namespaces", name: "solar-web", want: "Namespace /solar-web : its owner reference names the Tenant solar with the uid old, but the Tenant has the uid u"},
		"an old uid, of any namespace":       {objects: []string{strings.Replace(solarNS, "uid: u", "uid: old", 1), tenantOf(sees, "")}, resource: "namespaces", want: "Namespace /solar-web : its owner reference names the Tenant solar with the uid old"},
		"a Tenant that does not exist":       {objects: []string{solarNS}, resource: "namespaces", name: "solar-web", want: "Namespace /solar-web : its owner reference names the Tenant solar, which does not exist"},
		"two Tenants":                        {objects: []string{strings.Replace(solarNS, ownerRef, ownerRef+", "+strings.Replace(ownerRef, "solar", "wind", 1), 1)}, resource: "namespaces", name: "solar-web", want: "Namespace /solar-web : its owner references name more than one Tenant"},
		"a label of a namespace":             {objects: []string{`{apiVersion: v1, kind: Namespace, metadata: {name: plain, labels: {capsule.clastix.io/tenant: solar}}}`, tenantOf(sees, "")}, resource: "namespaces", name: "plain", want: "Namespace /plain : its label names the Tenant solar, but labels do not count"},
		"a label of a bound volume":          {objects: []string{solarNS, tenantOf(sees, ""), strings.ReplaceAll(tenantOf("", ""), "solar", "wind"), `{apiVersion: v1, kind: PersistentVolume, metadata: {name: v, labels: {capsule.clastix.io/tenant: wind}}, spec: {claimRef: {namespace: solar-web, name: c}}, status: {phase: Bound}}`}, resource: "persistentvolumes", name: "v", want: "PersistentVolume /v : its label names the Tenant wind, but it is bound to a claim in the namespace solar-web"},
		"a role that does not allow get":     {objects: []string{solarNS, binding(`{kind: User, apiGroup: rbac.authorization.k8s.io, name: alice}`)}, resource: "namespaces", name: "solar-web", want: "RoleBinding solar-web/rb : it names the user, but its role does not exist, or does not allow to get"},
		"role bindings switched off":         {policy: func(p *grants.Policy) { p.RoleBindingNamespaces = grants.RoleBindingsOff }, objects: []string{solarNS, binding(`{kind: User, apiGroup: rbac.authorization.k8s.io, name: alice}`)}, resource: "namespaces", name: "solar-web", want: "RoleBinding solar-web/rb : it names the user, but"},
		"everybody in a binding of a Tenant": {policy: func(p *grants.Policy) { p.RoleBindingNamespaces = grants.RoleBindingsAny }, objects: []string{solarNS, tenantOf("", ""), binding(`{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:authenticated"}`)}, resource: "namespaces", name: "solar-web", want: `RoleBinding solar-web/rb : the group "system:authenticated" includes everybody`},
	} {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			if tc.policy != nil {
				tc.policy(&policy)
			}
			f := newFixture(policy, false)
			f.put(t, append(tc.objects, gold)...)
			resource, object := tc.resource, tc.name
			if resource == "" {
				resource, object = "storageclasses", "gold"
			}
			got, err := f.askAbout(withAuthenticated("alice", "devs"), v1alpha1.SelfTenantViewReviewSpec{Resource: resource, Name: object})
			if err != nil {
				t.Fatal(err)
			}
			var misses []string
			for _, m := range got.Status.NearMisses {
				misses = append(misses, fmt.Sprintf("%s %s/%s %s: %s", m.Source, m.Namespace, m.Name, m.Path, m.Reason))
			}
			if !slices.ContainsFunc(misses, func(m string) bool { return strings.HasPrefix(m, tc.want) }) || got.Status.Allowed && object != "" {
				t.Errorf("allowed %v, near misses\n%s\nwant\n%s", got.Status.Allowed, strings.Join(misses, "\n"), tc.want)
			}
			slices.Sort(misses)
			if len(slices.Compact(misses)) != len(got.Status.NearMisses) {
				t.Errorf("near misses are repeated: %q", misses)
			}
		})
	}
}

// A user and one of his groups may have the same name. Who is almost named is the one of that kind.
func TestNearMissesOfTwins(t *testing.T) {
	f := newFixture(grants.DefaultPolicy(), false)
	f.put(t, tenantOf(`{kind: User, name: Alice}, {kind: Group, name: ALICE}`, ""), gold)
	got, err := f.askAbout(withAuthenticated("alice", "alice"), v1alpha1.SelfTenantViewReviewSpec{Resource: "storageclasses", Name: "gold"})
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, m := range got.Status.NearMisses {
		reasons = append(reasons, m.Reason)
	}
	want := []string{
		`it names the user name "Alice", but the user has the user name "alice": names must be equal in case`,
		`it names the group "ALICE", but the user has the group "alice": names must be equal in case`,
	}
	if !slices.Equal(reasons, want) {
		t.Errorf("reasons %q, want %q", reasons, want)
	}
}

func binding(subject string) string {
	return `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rb, namespace: solar-web}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: none}, subjects: [` + subject + `]}`
}

// Parts that concern another kind or user are no near misses.
func TestNoNearMisses(t *testing.T) {
	f := newFixture(grants.DefaultPolicy(), false)
	f.put(t, solarNS, gold,
		tenantOf(`{kind: User, name: zoe}`, `, storageClasses: {allowedRegex: "("}`),
		setting("solar-web", `{kind: User, name: mallory, clusterResources: [`+rule("")+`]}`),
		global(`{apiGroups: [""], resources: [nodes]}`),
		`{apiVersion: v1, kind: Namespace, metadata: {name: plain}}`, strings.Replace(setting("plain", `{kind: User, name: mallory}`), "name: ps", "name: ps2", 1))
	got, err := f.askAbout(withAuthenticated("alice", "devs"), v1alpha1.SelfTenantViewReviewSpec{Resource: "storageclasses", Name: "gold"})
	if err != nil || len(got.Status.NearMisses) > 0 {
		t.Errorf("near misses %+v (%v)", got.Status.NearMisses, err)
	}
}

func TestAdministratorLearnsThatObjectsExist(t *testing.T) {
	f := newSolar(t, false)
	for name, want := range map[string][]string{
		"wind-1": {`Node "wind-1" exists, but no grant shows it to the user`, "The user can list 1 Node, through 1 grant", "Tenant solar: owner User alice, spec.owners[1].proxySettings Nodes [List]; spec.nodeSelector: label pool=solar"},
		"absent": {`Node "absent" does not exist`, "The user can list 1 Node, through 1 grant", "Tenant solar: owner User alice, spec.owners[1].proxySettings Nodes [List]; spec.nodeSelector: label pool=solar"},
	} {
		got, err := f.askAbout(withAuthenticated("alice"), v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes", Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Status.Reasons, want) || *got.Status.Exists != (name == "wind-1") {
			t.Errorf("%s: exists %v, reasons %q, want %q", name, *got.Status.Exists, got.Status.Reasons, want)
		}
	}
	got, err := f.askAbout(withAuthenticated("bob"), v1alpha1.SelfTenantViewReviewSpec{Resource: "ns", Name: "solar-web"})
	if err != nil || !slices.Contains(got.Status.Reasons, "It belongs to the Tenant solar") {
		t.Errorf("reasons %q (%v)", got.Status.Reasons, err)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
)

// proxySubjects returns that many subjects user-0, user-1 and so on.
func proxySubjects(n int) []capsule.ProxySubject {
	all := make([]capsule.ProxySubject, n)
	for i := range all {
		all[i].Subject = capsule.Subject{Kind: "User", Name: fmt.Sprint("user-", i)}
	}
	return all
}

// nodeRules returns rules about nodes of which each has that many requirements and values,
// and selects something else than the others.
func nodeRules(n, requirements, values int) []capsule.ClusterResource {
	rules := make([]capsule.ClusterResource, n)
	for i := range rules {
		s := &metav1.LabelSelector{}
		for range requirements {
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: "a", Operator: "Exists"})
		}
		s.MatchExpressions[0] = metav1.LabelSelectorRequirement{Key: "rule", Operator: "In"}
		const names = 2 // the group and the resource
		for v := range values - names {
			s.MatchExpressions[0].Values = append(s.MatchExpressions[0].Values, fmt.Sprintf("%d-%d", i, v))
		}
		rules[i] = capsule.ClusterResource{APIGroups: []string{""}, Resources: []string{"nodes"}, Selector: s}
	}
	return rules
}

// One ProxySetting, which users of a tenant write, must not keep the only writer busy; and
// what is too large of it must not take away the rest.
func TestLimitsOfAProxySetting(t *testing.T) {
	tooLarge := []string{grants.ReasonTooLarge}
	long := make([]string, 999)
	cases := map[string]struct {
		// subjects and rules are those of the setting; the rules are the last subject's.
		subjects int
		rules    []capsule.ClusterResource
		off      bool
		// counted are the subjects that see the namespaces, and the rules that grant something.
		counted  [2]int
		problems []string
	}{
		"many subjects":               {subjects: 256, counted: [2]int{256, 0}},
		"too many subjects":           {subjects: 257, counted: [2]int{256, 0}, problems: tooLarge},
		"many rules":                  {subjects: 1, rules: nodeRules(128, 1, 3), counted: [2]int{1, 128}},
		"too many rules":              {subjects: 1, rules: nodeRules(129, 1, 3), counted: [2]int{1, 128}, problems: tooLarge},
		"a long selector":             {subjects: 1, rules: nodeRules(1, 64, 3), counted: [2]int{1, 1}},
		"a selector that is too long": {subjects: 1, rules: append(nodeRules(1, 65, 3), nodeRules(2, 1, 3)...), counted: [2]int{1, 2}, problems: tooLarge},
		"a selector with labels that is too long": {subjects: 1, counted: [2]int{1, 0}, problems: tooLarge,
			rules: func() []capsule.ClusterResource {
				rules := nodeRules(1, 64, 3)
				rules[0].Selector.MatchLabels = map[string]string{"a": "b"}
				return rules
			}()},
		"many values":                       {subjects: 1, rules: nodeRules(1, 1, 1000), counted: [2]int{1, 1}},
		"too many values":                   {subjects: 1, rules: append(nodeRules(1, 1, 1001), nodeRules(2, 1, 3)...), counted: [2]int{1, 2}, problems: tooLarge},
		"too many groups":                   {subjects: 1, rules: []capsule.ClusterResource{{APIGroups: append(long, ""), Resources: []string{"nodes"}, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}}, counted: [2]int{1, 0}, problems: tooLarge},
		"long selectors":                    {subjects: 1, rules: nodeRules(16, 64, 3), counted: [2]int{1, 16}},
		"too many long selectors":           {subjects: 1, rules: nodeRules(17, 64, 3), counted: [2]int{1, 16}, problems: tooLarge},
		"many rules with many values":       {subjects: 1, rules: nodeRules(10, 1, 1000), counted: [2]int{1, 10}},
		"too many rules with many values":   {subjects: 1, rules: nodeRules(11, 1, 1000), counted: [2]int{1, 10}, problems: tooLarge},
		"too much of what the policy omits": {subjects: 1, rules: nodeRules(129, 65, 1001), off: true, counted: [2]int{1, 0}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			if tc.off {
				policy.ProxySettingRules = grants.ProxySettingRulesOff
			}
			var setting capsule.ProxySetting
			setting.Spec.Subjects = proxySubjects(tc.subjects)
			setting.Spec.Subjects[tc.subjects-1].ClusterResources = tc.rules
			held, problems := grants.NewRules(kinds(), policy).OfProxySetting(&setting, parse[capsule.Tenant](t, "{metadata: {name: solar}}"))
			var counted [2]int
			for _, line := range show(held) {
				if strings.Contains(line, "nodes") {
					counted[1]++
				} else {
					counted[0]++
				}
			}
			if counted != tc.counted {
				t.Errorf("%d subjects and %d rules grant something, want %d", counted[0], counted[1], tc.counted)
			}
			found := reasons(problems)
			if diff := cmp.Diff(tc.problems, slices.Compact(found)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// The limits are the setting's: who writes two subjects instead of one must not get more.
func TestLimitsOfRulesAreOfAllSubjects(t *testing.T) {
	var setting capsule.ProxySetting
	setting.Spec.Subjects = proxySubjects(3)
	for i := range setting.Spec.Subjects {
		setting.Spec.Subjects[i].ClusterResources = nodeRules(60, 1, 3)
	}
	held, problems := grants.NewRules(kinds(), grants.DefaultPolicy()).OfProxySetting(&setting, parse[capsule.Tenant](t, "{metadata: {name: solar}}"))
	if got, want := len(held), 3+128; got != want {
		t.Errorf("%d grants, want %d", got, want)
	}
	if !slices.Contains(reasons(problems), grants.ReasonTooLarge) {
		t.Errorf("problems: %v", problems)
	}
}

// Adding a grant must never hide anything: an administrator who allows a Tenant one class
// more must not take from its users what they see.
func TestNothingIsLostByATenantThatMaySeeMuch(t *testing.T) {
	var setting capsule.ProxySetting
	setting.Spec.Subjects = proxySubjects(101)
	for i := range setting.Spec.Subjects {
		setting.Spec.Subjects[i].ProxySettings = []capsule.ProxyOperations{{Kind: "StorageClasses", Operations: []string{"List"}}}
	}
	tenant := parse[capsule.Tenant](t, "{metadata: {name: solar}, spec: {storageClasses: {}}}")
	for _, classes := range []int{1, 98, 99, 500} {
		for i := len(tenant.Spec.StorageClasses.Allowed); i < classes; i++ {
			tenant.Spec.StorageClasses.Allowed = append(tenant.Spec.StorageClasses.Allowed, fmt.Sprint("class-", i))
		}
		held, problems := grants.NewRules(kinds(), grants.DefaultPolicy()).OfProxySetting(&setting, tenant)
		if got, want := len(held), 101*(1+classes); got != want || problems != nil {
			t.Errorf("%d grants with %d classes, want %d; problems: %v", got, classes, want, problems)
		}
	}
}

// The same work again for each repetition would be a way around the limits.
func TestKindsThatAreListedAgain(t *testing.T) {
	var setting capsule.ProxySetting
	setting.Spec.Subjects = proxySubjects(1)
	list := capsule.ProxyOperations{Kind: "StorageClasses", Operations: []string{"List"}}
	setting.Spec.Subjects[0].ProxySettings = slices.Concat(slices.Repeat([]capsule.ProxyOperations{list}, 1000), []capsule.ProxyOperations{
		{Kind: "StorageClasses", Operations: []string{"Update"}}, {Kind: "StorageClasses", Operations: []string{"List", "Delete"}},
	})
	held, _ := grants.NewRules(kinds(), grants.DefaultPolicy()).OfProxySetting(&setting, parse[capsule.Tenant](t, "{metadata: {name: solar}, spec: {storageClasses: {allowed: [gold]}}}"))
	want := lines("User user-0: list get namespaces partition/solar", "User user-0: list get delete storageclasses name/gold")
	if diff := cmp.Diff(want, show(held)); diff != "" || len(held) != len(want) {
		t.Errorf("%d grants (-want +got):\n%s", len(held), diff)
	}
}

// Administrators know what they do.
func TestAdministratorsHaveNoLimits(t *testing.T) {
	rules := grants.NewRules(kinds(), grants.Policy{GlobalProxySettings: grants.On, OwnerGrants: grants.OwnerGrantsImplicit})
	var global capsule.GlobalProxySetting
	global.Spec.Rules = []capsule.GlobalRule{{ClusterResources: nodeRules(129, 65, 1001)}}
	for i := range 300 {
		global.Spec.Rules[0].Subjects = append(global.Spec.Rules[0].Subjects, capsule.Subject{Kind: "User", Name: fmt.Sprint("user-", i)})
	}
	if held, problems := rules.OfGlobalProxySetting(&global); len(held) != 300*129 || problems != nil {
		t.Errorf("%d grants of GlobalProxySettings; problems: %v", len(held), problems)
	}
	tenant := parse[capsule.Tenant](t, "{metadata: {name: solar}, spec: {storageClasses: {}}}")
	for i := range 300 {
		tenant.Spec.Owners = append(tenant.Spec.Owners, capsule.Owner{Subject: capsule.Subject{Kind: "User", Name: fmt.Sprint("user-", i)}})
	}
	tenant.Spec.StorageClasses.LabelSelector = *nodeRules(1, 100, 2000)[0].Selector
	if held, problems := rules.OfTenant(tenant); len(held) != 300*2 || problems != nil {
		t.Errorf("%d grants of a Tenant; problems: %v", len(held), problems)
	}
}

// Metrics count objects by the reasons of their problems: a reason must not be lost among
// many problems of others.
func TestNoReasonIsLost(t *testing.T) {
	var setting capsule.ProxySetting
	setting.Spec.Subjects = proxySubjects(1)
	for range 1000 {
		setting.Spec.Subjects[0].ProxySettings = append(setting.Spec.Subjects[0].ProxySettings, capsule.ProxyOperations{Kind: "Pods"})
	}
	setting.Spec.Subjects[0].ClusterResources = nodeRules(1000, 65, 3)
	_, problems := grants.NewRules(kinds(), grants.DefaultPolicy()).OfProxySetting(&setting, parse[capsule.Tenant](t, "{metadata: {name: solar}}"))
	if diff := cmp.Diff(append(slices.Repeat([]string{grants.ReasonKind}, 16), grants.ReasonTooLarge), reasons(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// proxySubjects returns n subjects user-0, user-1 and so on.
func proxySubjects(n int) []capsule.ProxySubject {
	all := make([]capsule.ProxySubject, n)
	for i := range all {
		all[i].Subject = capsule.Subject{Kind: "User", Name: fmt.Sprint("user-", i)}
	}
	return all
}

// nodeRules returns n rules for nodes with the given numbers of requirements and values. Each
// selects a different node.
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

// ofSettings returns the grants of a Tenant's ProxySettings, and the reasons of the problems of each.
func ofSettings(t *testing.T, policy grants.Policy, tenant string, settings ...*capsule.ProxySetting) ([]grants.Held, [][]string) {
	t.Helper()
	held, problems := grants.NewRules(kinds(), policy).OfProxySettings(settings, parse[capsule.Tenant](t, tenant))
	all := make([][]string, len(problems))
	for i := range problems {
		all[i] = slices.Compact(reasons(problems[i]))
	}
	return held, all
}

// selectedNodes returns how many of the nodes, which are labelled rule=N-0, rules show to user-0.
func selectedNodes(held []grants.Held, nodes int) int {
	n := 0
	for i := range nodes {
		node := view.Attributes{Name: "n", Labels: view.NewLabels(map[string]string{"rule": fmt.Sprintf("%d-0", i), "a": ""})}
		if slices.ContainsFunc(held, func(h grants.Held) bool {
			return h.Resource.Resource == "nodes" && h.Grant.Criterion.Matches(&node)
		}) {
			n++
		}
	}
	return n
}

// What a tenant's users write must not keep the only writer busy. Parts that are too large must not
// take away the rest.
func TestLimitsOfATenantsProxySettings(t *testing.T) {
	tooLarge := []string{grants.ReasonTooLarge}
	long := make([]string, 999)
	cases := map[string]struct {
		// subjects and rules are those of the setting. The rules belong to the last subject.
		subjects int
		rules    []capsule.ClusterResource
		off      bool
		// counted are the numbers of subjects that see the namespaces and of rules that grant
		// something.
		counted  [2]int
		problems []string
	}{
		"many subjects":               {subjects: 1024, counted: [2]int{1024, 0}},
		"too many subjects":           {subjects: 1025, counted: [2]int{1024, 0}, problems: tooLarge},
		"many rules":                  {subjects: 1, rules: nodeRules(256, 1, 3), counted: [2]int{1, 256}},
		"too many rules":              {subjects: 1, rules: nodeRules(257, 1, 3), counted: [2]int{1, 256}, problems: tooLarge},
		"a long selector":             {subjects: 1, rules: nodeRules(1, 64, 3), counted: [2]int{1, 1}},
		"a selector that is too long": {subjects: 1, rules: append(nodeRules(1, 65, 3), nodeRules(3, 1, 3)[1:]...), counted: [2]int{1, 2}, problems: tooLarge},
		"a selector with labels that is too long": {subjects: 1, counted: [2]int{1, 0}, problems: tooLarge,
			rules: func() []capsule.ClusterResource {
				rules := nodeRules(1, 64, 3)
				rules[0].Selector.MatchLabels = map[string]string{"a": "b"}
				return rules
			}()},
		"many values":                       {subjects: 1, rules: nodeRules(1, 1, 1000), counted: [2]int{1, 1}},
		"too many values":                   {subjects: 1, rules: append(nodeRules(1, 1, 1001), nodeRules(3, 1, 3)[1:]...), counted: [2]int{1, 2}, problems: tooLarge},
		"too many groups":                   {subjects: 1, rules: []capsule.ClusterResource{{APIGroups: append(long, ""), Resources: []string{"nodes"}, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": ""}}}}, counted: [2]int{1, 0}, problems: tooLarge},
		"long selectors":                    {subjects: 1, rules: nodeRules(32, 64, 3), counted: [2]int{1, 32}},
		"too many long selectors":           {subjects: 1, rules: nodeRules(33, 64, 3), counted: [2]int{1, 32}, problems: tooLarge},
		"many rules with many values":       {subjects: 1, rules: nodeRules(20, 1, 1000), counted: [2]int{1, 20}},
		"too many rules with many values":   {subjects: 1, rules: nodeRules(21, 1, 1000), counted: [2]int{1, 20}, problems: tooLarge},
		"too much of what the policy omits": {subjects: 1, rules: nodeRules(257, 65, 1001), off: true, counted: [2]int{1, 0}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			if tc.off {
				policy.ProxySettingRules = grants.ProxySettingRulesOff
			}
			setting := &capsule.ProxySetting{}
			setting.Spec.Subjects = proxySubjects(tc.subjects)
			setting.Spec.Subjects[tc.subjects-1].ClusterResources = tc.rules
			held, problems := ofSettings(t, policy, "{metadata: {name: solar}}", setting)
			counted := [2]int{0, selectedNodes(held, 300)}
			for _, line := range show(held) {
				if strings.Contains(line, "namespaces") {
					counted[0]++
				}
			}
			if counted != tc.counted {
				t.Errorf("%d subjects and %d rules grant something, want %d", counted[0], counted[1], tc.counted)
			}
			if diff := cmp.Diff([][]string{tc.problems}, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// Users ask for reasons as often as they like. So what does not count must cost next to nothing, however
// many subjects a setting has.
func TestReasonsOfManySubjects(t *testing.T) {
	const many = 40_000
	for name, tc := range map[string]struct {
		change func(*capsule.ProxySubject)
		// allocations of memory stand for the work. problems are how many each subject may cost.
		problems int
	}{
		"beyond the budget":   {func(*capsule.ProxySubject) {}, 0},
		"groups of everybody": {func(s *capsule.ProxySubject) { s.Kind, s.Name = "Group", "system:authenticated" }, 1},
		"unknown kinds":       {func(s *capsule.ProxySubject) { s.Kind = "Robot" }, 1},
		"with many values":    {func(s *capsule.ProxySubject) { s.Name, s.ProxySettings = "bob", make([]capsule.ProxyOperations, 21) }, 2},
	} {
		setting, tenant := &capsule.ProxySetting{}, parse[capsule.Tenant](t, "{metadata: {name: solar}}")
		setting.Spec.Subjects = proxySubjects(many)
		for i := range setting.Spec.Subjects {
			tc.change(&setting.Spec.Subjects[i])
		}
		settings := slices.Repeat([]*capsule.ProxySetting{setting}, 3)
		rules, asker := grants.NewRules(kinds(), grants.DefaultPolicy()), []view.Subject{view.User("bob"), view.Group("system:authenticated")}
		got := testing.AllocsPerRun(1, func() {
			rules.NewTrace(corev1.Resource("nodes"), asker, false).ProxySettings(settings, tenant)
		})
		if limit := float64(len(settings)*many*tc.problems + 10_000); got > limit {
			t.Errorf("%s: %.0f allocations, want at most %.0f", name, got, limit)
		}
	}
}

// The limits apply to the whole Tenant: users must not get more by writing two subjects or two
// settings instead of one. The first ones count, and the setting that exceeds the limits reports it.
func TestLimitsAreOfAllSettingsOfATenant(t *testing.T) {
	settings := make([]*capsule.ProxySetting, 3)
	for i := range settings {
		settings[i] = &capsule.ProxySetting{}
		settings[i].Spec.Subjects = proxySubjects(2)
		for j := range settings[i].Spec.Subjects {
			settings[i].Spec.Subjects[j].ClusterResources = nodeRules(360, 1, 3)[60*(2*i+j):][:60]
		}
	}
	held, problems := ofSettings(t, grants.DefaultPolicy(), "{metadata: {name: solar}}", settings...)
	if got := selectedNodes(held, 360); got != 256 {
		t.Errorf("%d rules grant something, want 256", got)
	}
	if diff := cmp.Diff([][]string{nil, nil, {grants.ReasonTooLarge}}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// All rules of one subject become one criterion, because the cost of all later steps grows with the
// number of criteria.
func TestRulesOfOneSubjectAreOneCriterion(t *testing.T) {
	settings := make([]*capsule.ProxySetting, 40)
	for i := range settings {
		settings[i] = &capsule.ProxySetting{}
		settings[i].Spec.Subjects = proxySubjects(1)
		settings[i].Spec.Subjects[0].ClusterResources = nodeRules(6*40, 1, 3)[6*i:][:6]
	}
	held, _ := ofSettings(t, grants.DefaultPolicy(), "{metadata: {name: solar}}", settings...)
	if got := len(show(held)); got != 2 || selectedNodes(held, 6*40) != 6*40 {
		t.Errorf("%d grants, which show %d nodes; want 2 grants, which show all nodes", got, selectedNodes(held, 6*40))
	}
}

// Adding a grant must never hide anything: if an administrator allows a Tenant one more class, its
// users must not lose anything. Nor must it multiply what is stored for them.
func TestNothingIsLostByATenantThatMaySeeMuch(t *testing.T) {
	setting := &capsule.ProxySetting{}
	setting.Spec.Subjects = proxySubjects(101)
	for i := range setting.Spec.Subjects {
		setting.Spec.Subjects[i].ProxySettings = []capsule.ProxyOperations{{Kind: "StorageClasses", Operations: []string{"List"}}}
	}
	for _, classes := range []int{1, 98, 99, 500} {
		var names []string
		for i := range classes {
			names = append(names, fmt.Sprint("class-", i))
		}
		held, problems := ofSettings(t, grants.DefaultPolicy(), "{metadata: {name: solar}, spec: {storageClasses: {allowed: ["+strings.Join(names, ", ")+"]}}}", setting)
		if len(held) != 101*2 || problems[0] != nil {
			t.Errorf("%d grants with %d classes, want two per subject; problems: %v", len(held), classes, problems)
		}
		for _, h := range held {
			if h.Resource.Resource == "storageclasses" && h.Grant.Criterion.Key() != view.Names(names...).Key() {
				t.Fatalf("with %d classes, %s sees %s", classes, h.Subject.Name, h.Grant.Criterion.Key())
			}
		}
	}
}

// Users could evade the limits if each repetition caused the same work again.
func TestKindsThatAreListedAgain(t *testing.T) {
	setting := &capsule.ProxySetting{}
	setting.Spec.Subjects = proxySubjects(1)
	list := capsule.ProxyOperations{Kind: "StorageClasses", Operations: []string{"List"}}
	setting.Spec.Subjects[0].ProxySettings = slices.Concat(slices.Repeat([]capsule.ProxyOperations{list}, 1000), []capsule.ProxyOperations{
		{Kind: "StorageClasses", Operations: []string{"Update"}}, {Kind: "StorageClasses", Operations: []string{"List", "Delete"}},
	})
	held, _ := ofSettings(t, grants.DefaultPolicy(), "{metadata: {name: solar}, spec: {storageClasses: {allowed: [gold]}}}", setting)
	want := lines("User user-0: list get namespaces partition/solar", "User user-0: list get delete storageclasses name/gold")
	if diff := cmp.Diff(want, show(held)); diff != "" || len(held) != len(want) {
		t.Errorf("%d grants (-want +got):\n%s", len(held), diff)
	}
}

// Administrators know what they are doing.
func TestAdministratorsHaveNoLimits(t *testing.T) {
	rules := grants.NewRules(kinds(), grants.Policy{GlobalProxySettings: grants.On, OwnerGrants: grants.OwnerGrantsImplicit})
	var global capsule.GlobalProxySetting
	global.Spec.Rules = []capsule.GlobalRule{{ClusterResources: nodeRules(300, 65, 1001)}}
	for i := range 300 {
		global.Spec.Rules[0].Subjects = append(global.Spec.Rules[0].Subjects, capsule.Subject{Kind: "User", Name: fmt.Sprint("user-", i)})
	}
	if held, problems := rules.OfGlobalProxySetting(&global); len(held) != 300 || selectedNodes(held[:1], 300) != 300 || problems != nil {
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

// Metrics count objects by the reasons of their problems, so many problems with one reason must not
// displace another reason.
func TestNoReasonIsLost(t *testing.T) {
	setting := &capsule.ProxySetting{}
	setting.Spec.Subjects = proxySubjects(1)
	for range 1000 {
		setting.Spec.Subjects[0].ProxySettings = append(setting.Spec.Subjects[0].ProxySettings, capsule.ProxyOperations{Kind: "Pods"})
	}
	setting.Spec.Subjects[0].ClusterResources = nodeRules(1000, 65, 3)
	_, problems := grants.NewRules(kinds(), grants.DefaultPolicy()).OfProxySettings([]*capsule.ProxySetting{setting}, parse[capsule.Tenant](t, "{metadata: {name: solar}}"))
	if diff := cmp.Diff(append(slices.Repeat([]string{grants.ReasonKind}, 16), grants.ReasonTooLarge), reasons(problems[0])); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package kinds_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/view"
)

// classLists maps each kind of class to a function that sets the Tenant's list for it.
var classLists = map[string]func(*capsule.TenantSpec, *capsule.ClassList){
	"tenantstorageclasses":  func(s *capsule.TenantSpec, l *capsule.ClassList) { s.StorageClasses = l },
	"tenantingressclasses":  func(s *capsule.TenantSpec, l *capsule.ClassList) { s.IngressOptions.AllowedClasses = l },
	"tenantpriorityclasses": func(s *capsule.TenantSpec, l *capsule.ClassList) { s.PriorityClasses = l },
	"tenantruntimeclasses":  func(s *capsule.TenantSpec, l *capsule.ClassList) { s.RuntimeClasses = l },
}

// classes are the classes of the cluster.
var classes = []view.Attributes{
	{Name: "gold", Labels: view.NewLabels(map[string]string{"env": "prod", "disk": "ssd"})},
	{Name: "silver", Labels: view.NewLabels(map[string]string{"env": "prod"})},
	{Name: "fast-ssd", Labels: view.NewLabels(map[string]string{"env": "test"})},
	{Name: "slow"},
}

func TestClassesOfATenant(t *testing.T) {
	everything := []string{"gold", "silver", "fast-ssd", "slow"}
	prod := metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
	invalid := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "env", Operator: "Like"}}}
	cases := map[string]struct {
		list  *capsule.ClassList
		unset grants.Unset
		want  []string
		// problems are the reasons of the reported problems.
		problems []string
	}{
		"absent":                            {unset: grants.UnsetAll, want: everything},
		"absent, and the policy says none":  {unset: grants.UnsetNone},
		"empty":                             {list: &capsule.ClassList{}, unset: grants.UnsetAll},
		"empty, and the policy says none":   {list: &capsule.ClassList{}, unset: grants.UnsetNone},
		"names":                             {list: &capsule.ClassList{Allowed: []string{"gold", "slow", "absent"}}, want: []string{"gold", "slow"}},
		"an empty name":                     {list: &capsule.ClassList{Allowed: []string{"", "gold"}}, want: []string{"gold"}},
		"default":                           {list: &capsule.ClassList{Default: "silver"}, want: []string{"silver"}},
		"expression, anywhere in the name":  {list: &capsule.ClassList{AllowedRegex: "s{2}"}, want: []string{"fast-ssd"}},
		"expression that is not valid":      {list: &capsule.ClassList{AllowedRegex: "("}, problems: []string{grants.ReasonRegex}},
		"selector":                          {list: &capsule.ClassList{LabelSelector: prod}, want: []string{"gold", "silver"}},
		"selector that is not valid":        {list: &capsule.ClassList{LabelSelector: invalid}, problems: []string{grants.ReasonSelector}},
		"the rest of a list that is broken": {list: &capsule.ClassList{Allowed: []string{"slow"}, AllowedRegex: "(", LabelSelector: invalid}, want: []string{"slow"}, problems: []string{grants.ReasonRegex, grants.ReasonSelector}},
		"all together":                      {list: &capsule.ClassList{Allowed: []string{"slow"}, Default: "silver", AllowedRegex: "^fast", LabelSelector: metav1.LabelSelector{MatchLabels: map[string]string{"disk": "ssd"}}}, unset: grants.UnsetNone, want: everything},
	}
	tested := 0
	for _, k := range kinds.All(kinds.Options{}) {
		set, ok := classLists[k.Resource]
		if !ok {
			continue
		}
		tested++
		for name, tc := range cases {
			t.Run(k.Resource+"/"+name, func(t *testing.T) {
				tenant := &capsule.Tenant{Meta: capsule.Meta{Name: "solar"}}
				// The Tenant's lists for other kinds must not matter.
				for _, setOther := range classLists {
					setOther(&tenant.Spec, &capsule.ClassList{Allowed: []string{"another-kind", "gold", "silver", "fast-ssd", "slow"}})
				}
				tenant.Spec.NodeSelector = map[string]string{"env": "test"}
				set(&tenant.Spec, tc.list)

				// Nor must the policy for nodes.
				got, problems := selection(k, tenant, &grants.Policy{UnsetClasses: tc.unset, UnsetNodeSelector: grants.UnsetAll}, classes)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("classes (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tc.problems, problems); diff != "" {
					t.Errorf("problems (-want +got):\n%s", diff)
				}
			})
		}
	}
	if tested != len(classLists) {
		t.Errorf("%d kinds tested, want %d", tested, len(classLists))
	}
}

// selection returns which of the objects a Tenant may see, and the reasons of problems.
func selection(k *registry.Kind, tenant *capsule.Tenant, policy *grants.Policy, objects []view.Attributes) (names, reasons []string) {
	criterion, problems := k.OfTenant(tenant, policy)
	for i := range objects {
		if criterion.Matches(&objects[i]) {
			names = append(names, objects[i].Name)
		}
	}
	for _, p := range problems {
		reasons = append(reasons, p.Reason)
	}
	return names, reasons
}

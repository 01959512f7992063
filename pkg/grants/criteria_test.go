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

func TestClasses(t *testing.T) {
	// Only the key of regex is compared.
	regex := func(expression string) view.Criterion {
		return view.Where("name matching "+expression, func(*view.Attributes) bool { return false })
	}
	ab := view.Label("a", "b")
	cases := map[string]struct {
		list     string
		unset    grants.Unset
		want     view.Criterion
		problems []string
	}{
		"absent":                          {list: "null", unset: grants.UnsetAll, want: view.All()},
		"absent, and the policy is none":  {list: "null", unset: grants.UnsetNone, want: view.None()},
		"absent, and there is no policy":  {list: "null", want: view.None()},
		"empty":                           {list: "{}", unset: grants.UnsetAll, want: view.None()},
		"default and names":               {list: "{default: a, allowed: [b, '', a]}", want: view.Names("a", "b")},
		"an empty default":                {list: "{default: ''}", want: view.None()},
		"an expression":                   {list: "{allowedRegex: '^a'}", want: regex("^a")},
		"an expression that is not valid": {list: "{allowedRegex: '(', default: a}", want: view.Name("a"), problems: []string{grants.ReasonRegex}},
		"an expression of another syntax": {list: "{allowedRegex: 'a(?=b)'}", want: view.None(), problems: []string{grants.ReasonRegex}},
		"a label":                         {list: "{matchLabels: {a: b}}", want: ab},
		"a label with one possible value": {list: "{matchExpressions: [{key: a, operator: In, values: [b]}]}", want: ab},
		"two labels":                      {list: "{matchLabels: {b: x, a: z}}", want: view.And(view.Label("a", "z"), view.Label("b", "x"))},
		"labels without an exact value": {list: "{matchExpressions: [{key: a, operator: In, values: [c, b]}, {key: d, operator: DoesNotExist}]}",
			want: view.And(view.LabelIn("a", "b", "c"), view.HasLabel("d").Not())},
		"labels that something lacks": {list: "{matchExpressions: [{key: a, operator: NotIn, values: [c, b]}, {key: d, operator: Exists}]}",
			want: view.And(view.LabelIn("a", "b", "c").Not(), view.HasLabel("d"))},
		"an operator that is not known":    {list: "{matchExpressions: [{key: a, operator: Like}]}", want: view.None(), problems: []string{grants.ReasonSelector}},
		"an operator without values":       {list: "{matchExpressions: [{key: a, operator: NotIn}], allowed: [b]}", want: view.Name("b"), problems: []string{grants.ReasonSelector}},
		"an operator with too many values": {list: "{matchExpressions: [{key: a, operator: Exists, values: [b]}]}", want: view.None(), problems: []string{grants.ReasonSelector}},
		"a value that is no label value":   {list: "{matchExpressions: [{key: a, operator: In, values: ['b,c']}]}", want: view.None(), problems: []string{grants.ReasonSelector}},
		"a key that is no label key":       {list: "{matchLabels: {'a=b': c}}", want: view.None(), problems: []string{grants.ReasonSelector}},
		"a selector without requirements":  {list: "{matchLabels: {}, matchExpressions: []}", want: view.None()},
		"everything that is not valid":     {list: "{allowedRegex: '[', matchLabels: {'': a}}", want: view.None(), problems: []string{grants.ReasonRegex, grants.ReasonSelector}},
		"everything at once": {list: "{allowedRegex: a, matchLabels: {a: b}, allowed: [x], default: z}",
			want: view.Or(view.Names("x", "z"), regex("a"), ab)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list := parse[struct{ List *capsule.ClassList }](t, "List: "+tc.list).List
			criterion, problems := grants.Classes(list, tc.unset)
			if diff := cmp.Diff(tc.want.Key(), criterion.Key()); diff != "" {
				t.Errorf("criterion (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodes(t *testing.T) {
	cases := map[string]struct {
		selector map[string]string
		unset    grants.Unset
		want     view.Criterion
		problems []string
	}{
		"absent":                         {unset: grants.UnsetAll, want: view.All()},
		"absent, and the policy is none": {unset: grants.UnsetNone, want: view.None()},
		"empty":                          {selector: map[string]string{}, unset: grants.UnsetAll, want: view.All()},
		"one label":                      {selector: map[string]string{"pool": "a"}, unset: grants.UnsetAll, want: view.Label("pool", "a")},
		// A label with an empty value must exist. Nodes without the label do not match.
		"an empty value":          {selector: map[string]string{"pool": ""}, want: view.Label("pool", "")},
		"two labels":              {selector: map[string]string{"pool": "a", "zone": "x"}, want: view.And(view.Label("pool", "a"), view.Label("zone", "x"))},
		"a value not valid":       {selector: map[string]string{"pool": "a b"}, unset: grants.UnsetAll, want: view.None(), problems: []string{grants.ReasonSelector}},
		"a key that is not valid": {selector: map[string]string{"": "a", "pool": "a"}, unset: grants.UnsetAll, want: view.None(), problems: []string{grants.ReasonSelector}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			criterion, problems := grants.Nodes(tc.selector, tc.unset)
			if diff := cmp.Diff(tc.want.Key(), criterion.Key()); diff != "" {
				t.Errorf("criterion (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

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
	cases := map[string]struct {
		list     string
		unset    grants.Unset
		want     []string
		problems []string
	}{
		"absent":                          {list: "null", unset: grants.UnsetAll, want: []string{"all"}},
		"absent, and the policy is none":  {list: "null", unset: grants.UnsetNone},
		"absent, and there is no policy":  {list: "null"},
		"empty":                           {list: "{}", unset: grants.UnsetAll},
		"default and names":               {list: "{default: a, allowed: [b, '', a]}", want: []string{"name/a", "name/b", "name/a"}},
		"an empty default":                {list: "{default: ''}"},
		"an expression":                   {list: "{allowedRegex: '^a'}", want: []string{"where/regex/^a"}},
		"an expression that is not valid": {list: "{allowedRegex: '(', default: a}", want: []string{"name/a"}, problems: []string{grants.ReasonRegex}},
		"an expression of another syntax": {list: "{allowedRegex: 'a(?=b)'}", problems: []string{grants.ReasonRegex}},
		"a label":                         {list: "{matchLabels: {a: b}}", want: []string{"label/a=b"}},
		"a label with one possible value": {list: "{matchExpressions: [{key: a, operator: In, values: [b]}]}", want: []string{"label/a=b"}},
		"two labels":                      {list: "{matchLabels: {b: x, a: z}}", want: []string{"and/9:label/a=z20:where/labels/a=z,b=x"}},
		"labels without an exact value": {list: "{matchExpressions: [{key: a, operator: In, values: [c, b]}, {key: d, operator: DoesNotExist}]}",
			want: []string{"where/labels/a in (b,c),!d"}},
		"an operator that is not known":    {list: "{matchExpressions: [{key: a, operator: Like}]}", problems: []string{grants.ReasonSelector}},
		"an operator without values":       {list: "{matchExpressions: [{key: a, operator: NotIn}], allowed: [b]}", want: []string{"name/b"}, problems: []string{grants.ReasonSelector}},
		"an operator with too many values": {list: "{matchExpressions: [{key: a, operator: Exists, values: [b]}]}", problems: []string{grants.ReasonSelector}},
		"a value that is no label value":   {list: "{matchExpressions: [{key: a, operator: In, values: ['b,c']}]}", problems: []string{grants.ReasonSelector}},
		"a key that is no label key":       {list: "{matchLabels: {'a=b': c}}", problems: []string{grants.ReasonSelector}},
		"a selector without requirements":  {list: "{matchLabels: {}, matchExpressions: []}"},
		"everything that is not valid":     {list: "{allowedRegex: '[', matchLabels: {'': a}}", problems: []string{grants.ReasonRegex, grants.ReasonSelector}},
		"everything at once":               {list: "{allowedRegex: a, matchLabels: {a: b}, allowed: [x], default: z}", want: []string{"name/z", "name/x", "where/regex/a", "label/a=b"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list := parse[struct{ List *capsule.ClassList }](t, "List: "+tc.list).List
			criteria, problems := grants.Classes(list, tc.unset)
			if diff := cmp.Diff(tc.want, keys(criteria)); diff != "" {
				t.Errorf("criteria (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func keys(criteria []view.Criterion) []string {
	var all []string
	for _, c := range criteria {
		all = append(all, c.Key())
	}
	return all
}

func TestNodes(t *testing.T) {
	cases := map[string]struct {
		selector map[string]string
		unset    grants.Unset
		want     []string
		problems []string
	}{
		"absent":                         {unset: grants.UnsetAll, want: []string{"all"}},
		"absent, and the policy is none": {unset: grants.UnsetNone},
		"empty":                          {selector: map[string]string{}, unset: grants.UnsetAll, want: []string{"all"}},
		"one label":                      {selector: map[string]string{"pool": "a"}, unset: grants.UnsetAll, want: []string{"label/pool=a"}},
		// A label with an empty value must exist: nodes without the label are not meant.
		"an empty value":          {selector: map[string]string{"pool": ""}, want: []string{"label/pool="}},
		"two labels":              {selector: map[string]string{"pool": "a", "zone": "x"}, want: []string{"and/12:label/pool=a26:where/labels/pool=a,zone=x"}},
		"a value not valid":       {selector: map[string]string{"pool": "a b"}, unset: grants.UnsetAll, problems: []string{grants.ReasonSelector}},
		"a key that is not valid": {selector: map[string]string{"": "a", "pool": "a"}, unset: grants.UnsetAll, problems: []string{grants.ReasonSelector}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			criteria, problems := grants.Nodes(tc.selector, tc.unset)
			if diff := cmp.Diff(tc.want, keys(criteria)); diff != "" {
				t.Errorf("criteria (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

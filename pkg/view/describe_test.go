// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"testing"

	"capsule.dev/tenantview/pkg/view"
)

func TestCriteriaInWords(t *testing.T) {
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("n%02d", i))
	}
	odd := view.Where("name of an odd length", func(o *view.Attributes) bool { return len(o.Name)%2 == 1 })
	for want, c := range map[string]view.Criterion{
		"all":                              view.All(),
		"none":                             view.None(),
		"name gold":                        view.Name("gold"),
		"name in (gold, tin)":              view.Names("tin", "gold"),
		`name in ("", "a b", gold)`:        view.Names("gold", "", "a b"),
		"belonging to solar":               view.Partition("solar"),
		"label a=b":                        view.Label("a", "b"),
		"label a in (b, c)":                view.LabelIn("a", "c", "b"),
		"label a":                          view.HasLabel("a"),
		"not label a":                      view.HasLabel("a").Not(),
		"name of an odd length":            odd,
		"label a and label b":              view.And(view.HasLabel("b"), view.HasLabel("a")),
		"label a or name gold":             view.Or(view.HasLabel("a"), view.Name("gold")),
		"label a and (label b or label c)": view.And(view.HasLabel("a"), view.Or(view.HasLabel("b"), view.HasLabel("c"))),
		"not (label b or label c)":         view.Or(view.HasLabel("b"), view.HasLabel("c")).Not(),
		"name in (n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11, n12, n13, n14, n15, n16, n17, n18, n19, and 10 more)": view.Names(many...),
	} {
		if got := c.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"testing"

	"capsule.dev/tenantview/pkg/view"
)

func TestOutlines(t *testing.T) {
	for want, c := range map[string]view.Criterion{
		"all":                              view.All(),
		"none":                             view.None(),
		"name …":                           view.Name("gold"),
		"name in (…)":                      view.Names("tin", "gold"),
		"belonging to …":                   view.Partition("solar"),
		"label a=…":                        view.Label("a", "b"),
		"label a in (…)":                   view.LabelIn("a", "c", "b"),
		"label a":                          view.HasLabel("a"),
		"not label a":                      view.HasLabel("a").Not(),
		"not label a in (…)":               view.LabelIn("a", "b", "c").Not(),
		"…":                                view.Where("name of an odd length", func(*view.Attributes) bool { return true }),
		"label a=… and not label a=…":      view.And(view.Label("a", "z"), view.Label("a", "b").Not()),
		"label a=… or name …":              view.Or(view.Label("a", "x"), view.Name("gold")),
		"(label b or label c) and label a": view.And(view.HasLabel("a"), view.Or(view.HasLabel("b"), view.HasLabel("c"))),
		"not (label b=… and label c)":      view.And(view.Label("b", "x"), view.HasLabel("c")).Not(),
	} {
		if got := c.Outline(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

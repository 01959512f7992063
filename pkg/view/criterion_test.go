// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/view"
)

func TestCriteria(t *testing.T) {
	objects := []view.Attributes{
		{Name: "a", Partition: "solar", Labels: view.NewLabels(map[string]string{"env": "prod"})},
		{Name: "b", Partition: "solar", Labels: view.NewLabels(map[string]string{"env": ""})},
		{Name: "c", Partition: "wind", Labels: view.NewLabels(map[string]string{"env": "prod", "disk": "ssd"})},
		{Name: "d"},
	}
	late := view.Where("after b", func(o *view.Attributes) bool { return o.Name > "b" })
	solar, prod, ssd := view.Partition("solar"), view.Label("env", "prod"), view.Label("disk", "ssd")
	cases := map[string]struct {
		criterion view.Criterion
		key       string
		want      string
	}{
		"all":                      {view.All(), "all", "abcd"},
		"none":                     {view.None(), "none", ""},
		"name":                     {view.Name("b"), "name/b", "b"},
		"no name":                  {view.Name(""), "name/", ""},
		"names":                    {view.Names("d", "b", "x", "b"), "names/1:b1:d1:x", "bd"},
		"one of names":             {view.Names("b", "b"), "name/b", "b"},
		"none of names":            {view.Names(), "none", ""},
		"partition":                {solar, "partition/solar", "ab"},
		"no partition":             {view.Partition(""), "none", ""},
		"label":                    {prod, "label/3:env=prod", "ac"},
		"label without a value":    {view.Label("env", ""), "label/3:env=", "b"},
		"label with one of values": {view.LabelIn("env", "x", "prod", ""), "labelin/3:env0:4:prod1:x", "abc"},
		"label with one value":     {view.LabelIn("env", "prod", "prod"), "label/3:env=prod", "ac"},
		"label with no value":      {view.LabelIn("env"), "none", ""},
		"label with any value":     {view.HasLabel("env"), "haslabel/env", "abc"},
		"without a label":          {view.HasLabel("env").Not(), "not/haslabel/env", "d"},
		"where":                    {late, "where/after b", "cd"},

		"and with all":        {view.And(prod, view.All()), "label/3:env=prod", "ac"},
		"and with none":       {view.And(prod, view.None()), "none", ""},
		"and with itself":     {view.And(prod, prod), "label/3:env=prod", "ac"},
		"and of nothing":      {view.And(), "all", "abcd"},
		"and of two labels":   {view.And(prod, ssd), "and/16:label/3:env=prod16:label/4:disk=ssd", "c"},
		"and of other labels": {view.And(prod, ssd.Not()), "and/16:label/3:env=prod20:not/label/4:disk=ssd", "a"},
		"contradiction":       {view.And(view.Name("a"), view.Name("b")), "and/6:name/a6:name/b", ""},
		"and with where":      {view.And(late, prod), "and/16:label/3:env=prod13:where/after b", "c"},
		"and of ands": {view.And(solar, view.And(prod, view.Name("a"))),
			"and/16:label/3:env=prod6:name/a15:partition/solar", "a"},
		"or with all":     {view.Or(prod, view.All()), "all", "abcd"},
		"or with none":    {view.Or(prod, view.None()), "label/3:env=prod", "ac"},
		"or with itself":  {view.Or(prod, prod), "label/3:env=prod", "ac"},
		"or of nothing":   {view.Or(), "none", ""},
		"or of two":       {view.Or(ssd, view.Name("b")), "or/16:label/4:disk=ssd6:name/b", "bc"},
		"or of ors":       {view.Or(view.Name("d"), view.Or(ssd, view.Name("b"))), "or/16:label/4:disk=ssd6:name/b6:name/d", "bcd"},
		"and of an or":    {view.And(view.Or(view.Name("a"), ssd), prod), "and/16:label/3:env=prod30:or/16:label/4:disk=ssd6:name/a", "ac"},
		"not of an or":    {view.Or(view.Name("a"), ssd).Not(), "not/or/16:label/4:disk=ssd6:name/a", "bd"},
		"a long key":      {view.Name(strings.Repeat("x", 200)), "sha256/94ed07ea44343ea756e527e487a98be53f4112181fc4e0e8d9ffc3ca75af968b", ""},
		"not of not":      {prod.Not().Not(), "not/not/label/3:env=prod", "ac"},
		"not of nothing":  {view.None().Not(), "not/none", "abcd"},
		"and of an empty": {view.And(view.HasLabel("env"), view.Label("env", "").Not()), "and/12:haslabel/env16:not/label/3:env=", "ac"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.criterion.Key(); got != tc.key {
				t.Errorf("key %q, want %q", got, tc.key)
			}
			got := ""
			for i := range objects {
				if tc.criterion.Matches(&objects[i]) {
					got += objects[i].Name
				}
			}
			if got != tc.want {
				t.Errorf("the criterion selects %q, want %q", got, tc.want)
			}
		})
	}
}

// Otherwise the same combination would be evaluated twice and counted as two criteria.
func TestAndAndOrAreCommutative(t *testing.T) {
	criteria := someCriteria()
	for _, c := range criteria {
		for _, d := range criteria {
			if got, want := view.And(d, c).Key(), view.And(c, d).Key(); got != want {
				t.Errorf("and: %q one way, %q the other", got, want)
			}
			if got, want := view.Or(d, c).Key(), view.Or(c, d).Key(); got != want {
				t.Errorf("or: %q one way, %q the other", got, want)
			}
		}
	}
}

// someCriteria returns criteria of every kind, with terms of every kind.
func someCriteria() []view.Criterion {
	where := view.Where("short", func(o *view.Attributes) bool { return o.Labels.Get("x") == "1" || o.Name == "a" })
	simple := []view.Criterion{
		view.All(), view.Name("a"), view.Name("b"), view.Partition("p"), view.Partition("q"), view.Partition(""),
		view.Label("x", "1"), view.Label("y", "1"), view.Label("y", ""), where,
		view.Names("a", "c", "e"), view.LabelIn("x", "1", ""), view.HasLabel("y"), view.HasLabel("x").Not(), view.Label("x", "1").Not(),
		view.Label("x", "a"), view.LabelIn("y", "1", "b"), // names, too
	}
	all := simple
	for _, c := range simple {
		for _, d := range simple {
			all = append(all, view.And(c, d), view.Or(c, d))
		}
	}
	for i, c := range simple { // and some of three levels
		d, e := simple[(i+3)%len(simple)], simple[(i+7)%len(simple)]
		all = append(all, view.And(view.Or(c, d), e), view.Or(view.And(c, d), e), view.And(view.Or(c, d).Not(), e))
	}
	return all
}

// Changes of objects and grants update postings, in any order. Postings must always equal the result
// of a pass over all objects.
func TestPostingsAreWhatAPassWouldFind(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			set := view.NewSet("things")
			v := set.View("things")
			criteria := someCriteria()
			objects := make(map[string]view.Attributes)
			granted := make(map[string]int) // by the key of the criterion
			version := uint64(0)
			for step := range 300 {
				if step == 30 {
					set.Update(0, func(tx *view.Tx) { tx.GoLive() })
				}
				set.Update(0, func(tx *view.Tx) {
					for range 1 + rng.IntN(3) {
						name := string(rune('a' + rng.IntN(6)))
						switch rng.IntN(6) {
						case 0, 1:
							o := randomAttributes(rng, name)
							objects[name] = o
							version++
							tx.Put(v, view.Object{Attributes: o, Version: version})
						case 2:
							delete(objects, name)
							tx.Delete(v, name)
						case 3:
							if o, ok := objects[name]; ok {
								o.Partition = pick(rng, "", "p", "q")
								objects[name] = o
								tx.SetPartition(v, name, o.Partition)
							}
						case 4:
							c := criteria[rng.IntN(len(criteria))]
							granted[c.Key()]++
							tx.Grant(v, alice, grant(c, seen))
						case 5:
							c := criteria[rng.IntN(len(criteria))]
							granted[c.Key()] = max(0, granted[c.Key()]-1)
							tx.Revoke(v, alice, grant(c, seen))
						}
					}
				})
				var want []string
				for c := 'a'; c < 'g'; c++ {
					if o, ok := objects[string(c)]; ok && selected(criteria, granted, &o) {
						want = append(want, string(c))
					}
				}
				if diff := cmp.Diff(want, names(v, viewer(alice))); diff != "" {
					t.Fatalf("step %d: list (-want +got):\n%s", step, diff)
				}
			}
		})
	}
}

func randomAttributes(rng *rand.Rand, name string) view.Attributes {
	o := view.Attributes{Name: name, Partition: pick(rng, "", "p", "q")}
	labels := make(map[string]string)
	for _, key := range []string{"x", "y"} {
		if value := pick(rng, "1", "", "a", "b", "none"); value != "none" {
			labels[key] = value
		}
	}
	o.Labels = view.NewLabels(labels)
	return o
}

func pick(rng *rand.Rand, choices ...string) string { return choices[rng.IntN(len(choices))] }

func selected(criteria []view.Criterion, granted map[string]int, o *view.Attributes) bool {
	return slices.ContainsFunc(criteria, func(c view.Criterion) bool { return granted[c.Key()] > 0 && c.Matches(o) })
}

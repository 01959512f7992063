// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/view"
)

func TestCriteria(t *testing.T) {
	objects := []view.Attributes{
		{Name: "a", Partition: "solar", Labels: map[string]string{"env": "prod"}},
		{Name: "b", Partition: "solar", Labels: map[string]string{"env": ""}},
		{Name: "c", Partition: "wind", Labels: map[string]string{"env": "prod", "disk": "ssd"}},
		{Name: "d"},
	}
	short := view.Where("after b", func(o *view.Attributes) bool { return o.Name > "b" })
	cases := map[string]struct {
		criterion view.Criterion
		key       string
		want      string
	}{
		"all":                   {view.All(), "all", "abcd"},
		"name":                  {view.Name("b"), "name/b", "b"},
		"no name":               {view.Name(""), "name/", ""},
		"partition":             {view.Partition("solar"), "partition/solar", "ab"},
		"no partition":          {view.Partition(""), "partition/", ""},
		"label":                 {view.Label("env", "prod"), "label/env=prod", "ac"},
		"label without a value": {view.Label("env", ""), "label/env=", "b"},
		"where":                 {short, "where/after b", "cd"},

		"with all":       {view.Label("env", "prod").And(view.All()), "label/env=prod", "ac"},
		"all with":       {view.All().And(view.Partition("wind")), "partition/wind", "c"},
		"with itself":    {view.Name("a").And(view.Name("a")), "name/a", "a"},
		"all with all":   {view.All().And(view.All()), "all", "abcd"},
		"two labels":     {view.Label("env", "prod").And(view.Label("disk", "ssd")), "and/14:label/disk=ssd14:label/env=prod", "c"},
		"contradiction":  {view.Name("a").And(view.Name("b")), "and/6:name/a6:name/b", ""},
		"name and label": {view.Label("env", "prod").And(view.Name("a")), "and/6:name/a14:label/env=prod", "a"},
		"partition and where": {short.And(view.Partition("solar")),
			"and/15:partition/solar13:where/after b", ""},
		"no partition and all that is without": {view.Partition("").And(short), "and/10:partition/13:where/after b", ""},
		"three": {view.Partition("solar").And(view.Label("env", "prod")).And(view.Name("a")),
			"and/6:name/a39:and/15:partition/solar14:label/env=prod", "a"},
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
				t.Errorf("it selects %q, want %q", got, tc.want)
			}
		})
	}
}

// Otherwise the same conjunction would be evaluated twice, and counted as two criteria.
func TestAndIsCommutative(t *testing.T) {
	criteria := someCriteria()
	for _, c := range criteria {
		for _, d := range criteria {
			if got, want := d.And(c).Key(), c.And(d).Key(); got != want {
				t.Errorf("%q one way, %q the other", got, want)
			}
		}
	}
}

// someCriteria are criteria of every kind, with anchors of every kind.
func someCriteria() []view.Criterion {
	where := view.Where("short", func(o *view.Attributes) bool { return o.Labels["x"] == "1" || o.Name == "a" })
	simple := []view.Criterion{
		view.All(), view.Name("a"), view.Name("b"), view.Partition("p"), view.Partition("q"), view.Partition(""),
		view.Label("x", "1"), view.Label("y", "1"), view.Label("y", ""), where,
	}
	all := simple
	for _, c := range simple {
		for _, d := range simple {
			all = append(all, c.And(d))
		}
	}
	return all
}

// Postings are kept up to date by changes of objects and of grants, in any order: they must
// always be what a pass over all objects would find.
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
	o := view.Attributes{Name: name, Partition: pick(rng, "", "p", "q"), Labels: map[string]string{}}
	for _, key := range []string{"x", "y"} {
		if value := pick(rng, "1", "", "none"); value != "none" {
			o.Labels[key] = value
		}
	}
	return o
}

func pick(rng *rand.Rand, choices ...string) string { return choices[rng.IntN(len(choices))] }

func selected(criteria []view.Criterion, granted map[string]int, o *view.Attributes) bool {
	return slices.ContainsFunc(criteria, func(c view.Criterion) bool { return granted[c.Key()] > 0 && c.Matches(o) })
}

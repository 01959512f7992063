// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/view"
)

// A grant that two sources give ends only when both have revoked it.
func TestGrantsAreCounted(t *testing.T) {
	set, v := newView()
	g := grant(view.Partition("p"), seen)
	give := func(tx *view.Tx) { tx.Grant(v, alice, g) }
	take := func(tx *view.Tx) { tx.Revoke(v, alice, g) }
	steps := []struct {
		what string
		do   []func(*view.Tx)
		want []string
	}{
		{"given", []func(*view.Tx){give}, []string{"a", "b"}},
		{"given again", []func(*view.Tx){give}, []string{"a", "b"}},
		{"taken once", []func(*view.Tx){take}, []string{"a", "b"}},
		{"taken twice", []func(*view.Tx){take}, nil},
		{"taken once more", []func(*view.Tx){take}, nil},
		{"given", []func(*view.Tx){give}, []string{"a", "b"}},
		{"given and taken in one transaction", []func(*view.Tx){give, take}, []string{"a", "b"}},
		{"taken and given in one transaction", []func(*view.Tx){take, give}, []string{"a", "b"}},
		{"taken", []func(*view.Tx){take}, nil},
	}
	for _, s := range steps {
		set.Update(0, func(tx *view.Tx) {
			for _, do := range s.do {
				do(tx)
			}
		})
		if diff := cmp.Diff(s.want, names(v, viewer(alice))); diff != "" {
			t.Fatalf("%s: list (-want +got):\n%s", s.what, diff)
		}
	}
}

// Grants that differ in any way are revoked separately.
func TestRevokeTakesOnlyWhatItNames(t *testing.T) {
	set, v := newView()
	g := grant(view.Name("a"), seen)
	set.Update(0, func(tx *view.Tx) {
		tx.Grant(v, alice, g)
		tx.Revoke(v, view.Group("alice"), g)
		tx.Revoke(v, alice, grant(view.Name("a"), seen|view.OpUpdate))
		tx.Revoke(v, alice, grant(view.Name("b"), seen))
		tx.Revoke(set.View("others"), alice, g)
	})
	if diff := cmp.Diff([]string{"a"}, names(v, viewer(alice))); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestStats(t *testing.T) {
	set, v := newView()
	check := func(what string, want view.Stats) {
		t.Helper()
		got := v.Stats()
		got.Revision = 0 // see the tests of revisions
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("objects", view.Stats{Objects: 4})
	p, q := grant(view.Partition("p"), seen), grant(view.Label("x", "1"), seen)
	set.Update(0, func(tx *view.Tx) {
		tx.Grant(v, alice, p)
		tx.Grant(v, alice, p)
		tx.Grant(v, alice, grant(view.Partition("p"), view.OpGet)) // the same criterion
		tx.Grant(v, devs, p)
		tx.Grant(v, devs, q)
	})
	check("grants", view.Stats{Objects: 4, Criteria: 2, Subjects: 2})
	set.Update(0, func(tx *view.Tx) {
		tx.Revoke(v, devs, p)
		tx.Revoke(v, devs, q)
	})
	check("fewer grants", view.Stats{Objects: 4, Criteria: 1, Subjects: 1})
	set.Update(0, func(tx *view.Tx) {
		tx.Revoke(v, alice, p)
		tx.Revoke(v, alice, p)
		tx.Revoke(v, alice, grant(view.Partition("p"), view.OpGet))
	})
	check("no grants", view.Stats{Objects: 4})
	set.Update(0, func(tx *view.Tx) {
		for _, name := range []string{"a", "b", "c", "d", "absent"} {
			tx.Delete(v, name)
		}
	})
	check("nothing", view.Stats{})
	if others := set.View("others").Stats(); others != (view.Stats{}) {
		t.Errorf("another view of the set has %+v", others)
	}
}

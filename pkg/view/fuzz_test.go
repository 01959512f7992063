// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"strings"
	"testing"

	"capsule.dev/tenantview/pkg/view"
)

// FuzzCriteria compares the answer of a view with what each criterion says about each object. The
// names, labels and values are any strings. Two criteria of the same key must select the same
// objects: a view evaluates only one of them for the holders of both.
func FuzzCriteria(f *testing.F) {
	for _, seed := range [][4]string{
		{"a", "env", "prod", "b,x"}, {"", "", "", ""}, {"1:a", "3:env", "=1:a", "1:a1:b"}, {"name/a", "not/haslabel/env", "/", ",,"},
		{strings.Repeat("a", 200), strings.Repeat("k", 130), "v", "sha256/"}, {"\x00", "\xff", "é", "a,\x00"},
	} {
		for _, shape := range [][]byte{{0}, {1, 2, 3}, {4, 5, 6, 7, 8, 9}, {9, 9, 0, 8, 1, 7, 2, 6}, {5, 8, 4, 8, 3, 9, 9}} {
			f.Add(seed[0], seed[1], seed[2], seed[3], shape)
		}
	}
	f.Fuzz(func(t *testing.T, name, key, value, more string, shape []byte) {
		if len(shape) > 24 || len(more) > 1000 {
			t.Skip("too slow")
		}
		values := strings.Split(more, ",")
		objects := []view.Attributes{
			{Name: "n" + name, Labels: view.NewLabels(map[string]string{key: value}), Partition: value},
			{Name: "m" + more, Labels: view.NewLabels(map[string]string{key: values[0], value: key}), Partition: name},
			{Name: "plain"},
			{Name: "o" + name + "/" + key, Labels: view.NewLabels(map[string]string{key + "=" + value: "", more: name})},
		}
		criteria := combined(shape, name, key, value, values)
		set := view.NewSet("things")
		things := set.View("things")
		set.Update(0, (*view.Tx).GoLive)
		for i := range objects {
			set.Update(uint64(i+1), func(tx *view.Tx) {
				tx.Put(things, view.Object{Attributes: objects[i], Version: uint64(i + 1)})
			})
		}
		known := make(map[string]string)
		for i, c := range criteria {
			var want strings.Builder
			for j := range objects {
				if c.Matches(&objects[j]) {
					want.WriteByte(byte('0' + j))
				}
			}
			if before, ok := known[c.Key()]; ok && before != want.String() {
				t.Errorf("two criteria with the key %q select the objects %s and %s", c.Key(), before, want.String())
			}
			known[c.Key()] = want.String()
			who := view.User(string(rune('a' + i%26)))
			set.Update(0, func(tx *view.Tx) { tx.Grant(things, who, view.Grant{Criterion: c, Operations: view.OpList}) })
			entries, _ := things.List(view.Viewer{Subjects: []view.Subject{who}})
			set.Update(0, func(tx *view.Tx) { tx.Revoke(things, who, view.Grant{Criterion: c, Operations: view.OpList}) })
			seen := 0
			for _, e := range entries {
				if !c.Matches(&e.Attributes) {
					t.Errorf("%q shows %q, which it does not select", c.Key(), e.Name)
				}
				seen++
			}
			if seen != want.Len() {
				t.Errorf("%q shows %d objects, want %s", c.Key(), seen, want.String())
			}
		}
	})
}

// combined returns the criteria that a program of one-byte instructions makes. Each takes its parts
// from those that were made before.
func combined(program []byte, name, key, value string, values []string) []view.Criterion {
	made := []view.Criterion{view.Name("n" + name), view.Label(key, value)}
	last := func(back int) view.Criterion { return made[max(0, len(made)-back)] }
	for _, instruction := range program {
		var c view.Criterion
		switch instruction % 12 {
		case 0:
			c = view.Name(name)
		case 1:
			c = view.Names(append(values, "n"+name)...)
		case 2:
			c = view.Label(value, key)
		case 3:
			c = view.LabelIn(key, values...)
		case 4:
			c = view.HasLabel(key)
		case 5:
			c = view.Partition(value)
		case 6:
			c = view.All()
		case 7:
			c = view.None()
		case 8:
			c = view.And(last(1), last(2), last(3))
		case 9:
			c = view.Or(last(1), last(2), last(4))
		case 10:
			c = last(1).Not()
		case 11:
			c = view.Label(key+"="+value, "")
		}
		made = append(made, c)
	}
	return made
}

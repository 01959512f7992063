// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"capsule.dev/tenantview/pkg/view"
)

const seen = view.OpList | view.OpGet

var (
	alice = view.User("alice")
	devs  = view.Group("devs")
)

func viewer(subjects ...view.Subject) view.Viewer { return view.Viewer{Subjects: subjects} }

func grant(c view.Criterion, ops view.Operations) view.Grant {
	return view.Grant{Criterion: c, Operations: ops}
}

// object returns an object without labels. Every version is a different object.
func object(name, partition string, version uint64) view.Object {
	return view.Object{Attributes: view.Attributes{Name: name, Partition: partition}, Version: version, Value: version}
}

// names returns the names in a list, or nil if it is empty.
func names(v *view.View, who view.Viewer) []string {
	entries, _ := v.List(who)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}

// newView returns a view that has gone live, with the objects a (partition p), b (p), c (q)
// and d.
func newView() (*view.Set, *view.View) {
	set := view.NewSet("things", "others")
	v := set.View("things")
	set.Update(10, func(tx *view.Tx) {
		tx.Put(v, object("b", "p", 2))
		tx.Put(v, object("a", "p", 1))
		tx.Put(v, object("d", "", 4))
		tx.Put(v, object("c", "q", 3))
	})
	set.Update(0, func(tx *view.Tx) { tx.GoLive() })
	return set, v
}

func TestWhatAViewerSees(t *testing.T) {
	group := view.Group("alice")
	cases := map[string]struct {
		who  view.Viewer
		list []string
		get  []string
		// update are the objects that may be updated.
		update []string
	}{
		"nobody":                  {},
		"without grants":          {who: viewer(view.User("bob"), view.Group("ops"))},
		"one grant":               {who: viewer(devs), list: []string{"a", "b"}, get: []string{"a", "b"}, update: []string{"a", "b"}},
		"grants that overlap":     {who: viewer(devs, alice), list: []string{"a", "b", "c"}, get: []string{"a", "b", "c", "d"}, update: []string{"a", "b"}},
		"a group named the same":  {who: viewer(group), list: []string{"d"}, get: []string{"d"}},
		"the same subject twice":  {who: viewer(devs, devs), list: []string{"a", "b"}, get: []string{"a", "b"}, update: []string{"a", "b"}},
		"all":                     {who: view.Viewer{All: true}, list: []string{"a", "b", "c", "d"}, get: []string{"a", "b", "c", "d"}},
		"all, with his own right": {who: view.Viewer{All: true, Subjects: []view.Subject{devs}}, list: []string{"a", "b", "c", "d"}, get: []string{"a", "b", "c", "d"}, update: []string{"a", "b"}},
	}
	set, v := newView()
	set.Update(0, func(tx *view.Tx) {
		tx.Grant(v, devs, grant(view.Partition("p"), seen|view.OpUpdate))
		tx.Grant(v, alice, grant(view.Name("a"), seen))
		tx.Grant(v, alice, grant(view.Name("b"), seen|view.OpDelete))
		tx.Grant(v, alice, grant(view.Partition("q"), seen))
		tx.Grant(v, alice, grant(view.Name("d"), view.OpGet))
		tx.Grant(v, alice, grant(view.Name("absent"), seen))
		tx.Grant(v, group, grant(view.Name("d"), seen))
	})
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.list, names(v, tc.who)); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.get, may(v, tc.who, view.OpGet)); diff != "" {
				t.Errorf("get (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.update, may(v, tc.who, view.OpUpdate)); diff != "" {
				t.Errorf("update (-want +got):\n%s", diff)
			}
		})
	}
}

func may(v *view.View, who view.Viewer, ops view.Operations) []string {
	var all []string
	for _, name := range []string{"", "a", "absent", "b", "c", "d"} {
		if e, ok := v.Get(who, name, ops); ok {
			all = append(all, e.Name)
		}
	}
	return all
}

// Two grants do not add up to a permission that neither of them gives.
func TestOperationsAreOfOneGrant(t *testing.T) {
	set, v := newView()
	set.Update(0, func(tx *view.Tx) {
		tx.Grant(v, alice, grant(view.Name("a"), seen|view.OpUpdate))
		tx.Grant(v, alice, grant(view.All(), seen|view.OpDelete))
	})
	if diff := cmp.Diff([]string(nil), may(v, viewer(alice), view.OpUpdate|view.OpDelete)); diff != "" {
		t.Errorf("update and delete (-want +got):\n%s", diff)
	}
}

func TestEntries(t *testing.T) {
	_, v := newView()
	entries, revision := v.List(view.Viewer{All: true})
	var got []view.Entry
	for _, e := range entries {
		got = append(got, view.Entry{Object: e.Object, Revision: e.Revision})
	}
	// Until readers are admitted, entries keep their versions as revisions.
	want := []view.Entry{
		{Object: object("a", "p", 1), Revision: 1}, {Object: object("b", "p", 2), Revision: 2},
		{Object: object("c", "q", 3), Revision: 3}, {Object: object("d", "", 4), Revision: 4},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(view.Entry{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if revision.Revision != 4 {
		t.Errorf("revision %d, want 4", revision.Revision)
	}
}

func TestStillVisible(t *testing.T) {
	set, v := newView()
	set.Update(0, func(tx *view.Tx) {
		tx.Grant(v, alice, grant(view.Partition("p"), seen))
		tx.Grant(v, alice, grant(view.Name("c"), view.OpGet))
	})
	listed, _ := v.List(view.Viewer{All: true})
	given := append([]*view.Entry{}, listed...)
	set.Update(20, func(tx *view.Tx) {
		tx.Put(v, object("a", "p", 20)) // still visible, and shown as it was
		tx.SetPartition(v, "b", "q")
	})
	got := v.StillVisible(viewer(alice), listed)
	if diff := cmp.Diff([]*view.Entry{listed[0]}, got, cmp.Comparer(func(a, b *view.Entry) bool { return a == b })); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	for i := range given {
		if listed[i] != given[i] {
			t.Error("the entries that were given have changed")
		}
	}
	set.Update(21, func(tx *view.Tx) { tx.Delete(v, "a") })
	if got := v.StillVisible(view.Viewer{All: true}, listed[:1]); len(got) != 0 {
		t.Errorf("a deleted object is still visible: %v", got[0].Name)
	}
}

// Readers share entries, so a change must not affect entries that were returned before.
func TestEntriesDoNotChange(t *testing.T) {
	set, v := newView()
	before, _ := v.List(view.Viewer{All: true})
	objects := make([]view.Object, len(before))
	for i, e := range before {
		objects[i] = e.Object
	}
	set.Update(30, func(tx *view.Tx) {
		tx.Put(v, object("a", "q", 30))
		tx.SetPartition(v, "b", "q")
		tx.Delete(v, "c")
	})
	for i, e := range before {
		if diff := cmp.Diff(objects[i], e.Object); diff != "" {
			t.Errorf("an entry was changed (-before +after):\n%s", diff)
		}
	}
}

func TestUnknownResource(t *testing.T) {
	if v := view.NewSet("things").View("others"); v != nil {
		t.Errorf("a view of revision %d", v.Revision())
	}
}

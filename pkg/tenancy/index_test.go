// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"slices"
	"testing"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// An index must not collect values without a key: nothing reads them, and each change writes them.
func TestWhatHasNoKeyIsNotIndexed(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Put(volume("pv", "", ""), namespace("a", "", ""), binding("a", "rb", "Unknown r"))
	footprint := f.Cluster.Footprint()
	for _, index := range []string{"claimed", "labelled", "referrers", "boundTo"} {
		if footprint[index] != 0 {
			t.Errorf("%d entries in %s", footprint[index], index)
		}
	}
}

// Objects that a user loses together disappear in the order of their names, each time and on each
// replica. The revisions of entries are those of the events.
func TestObjectsMoveInTheOrderOfTheirNames(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	f := feed.New(grants.DefaultPolicy())
	inOrder := func(what string, resources ...string) {
		t.Helper()
		for _, resource := range resources {
			entries, _ := f.View(resource).List(view.Viewer{All: true})
			if len(entries) != len(names) || !slices.IsSortedFunc(entries, func(a, b *view.Entry) int { return int(a.Revision) - int(b.Revision) }) {
				t.Errorf("%s: %s have not moved in the order of their names", what, resource)
			}
		}
	}
	f.Cluster.GoLive()
	for _, i := range []int{3, 1, 4, 0, 5, 9, 2, 6, 8, 7} {
		f.Put(namespace(names[i], "solar", "1"), volume(names[i], "solar", ""))
	}
	f.Put(tenant("solar", "1", ""))
	inOrder("the Tenant comes", "namespaces", "persistentvolumes")
	f.Delete(reference.RefOf(tenant("solar", "1", "")))
	inOrder("the Tenant goes", "namespaces", "persistentvolumes")
	for _, i := range []int{2, 7, 1, 8, 3, 0, 4, 5, 9, 6} {
		f.Put(volume(names[i], "", "a"))
	}
	f.Put(tenant("solar", "1", ""))
	for _, name := range names { // the first takes all volumes with it
		f.Put(namespace(name, "", ""))
	}
	inOrder("the namespaces leave", "namespaces", "persistentvolumes")
	for _, i := range []int{9, 7, 1, 8, 3, 0, 4, 5, 2, 6} {
		f.Put(namespace(names[i], "solar", "1"), volume(names[i], "", names[i]))
	}
	f.Replace("namespaces")
	inOrder("the namespaces are listed no more", "persistentvolumes")
}

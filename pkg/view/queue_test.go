// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func namedEntry(name string, revision uint64) *Entry {
	return &Entry{Object: Object{Attributes: Attributes{Name: name}}, Revision: revision}
}

func rest(q *queue) []string {
	var all []string
	for next, ok := q.next(); ok; next, ok = q.next() {
		text := fmt.Sprint(next.change.Revision, " ", next.change.name())
		if next.change.isDisappearance() {
			text += " gone"
		}
		if next.partial {
			text += " (partial)"
		}
		all = append(all, text)
	}
	return all
}

// Changes that happen while a watch looks up its missed changes come after those. Objects that have
// disappeared meanwhile are not shown any more.
func TestQueueResumes(t *testing.T) {
	q := &queue{}
	q.await(10)
	a, b, c := namedEntry("a", 1), namedEntry("b", 2), namedEntry("c", 3)
	q.push(batch{changes: []*Change{{Revision: 20, Previous: b}, {Revision: 20, Previous: c}}}, 1000)
	q.push(batch{changes: []*Change{{Revision: 21, Current: namedEntry("d", 21)}}}, 1000)
	if got := rest(q); got != nil || q.passes() {
		t.Errorf("delivered %q before the missed changes, or does not wait for them (%v)", got, q.passes())
	}
	q.resume(batch{changes: []*Change{
		{Revision: 11, Previous: a},
		{Revision: 12, Current: a},
		{Revision: 13, Previous: c},
		{Revision: 14, Current: c},
		{Revision: 15, Current: namedEntry("e", 15)},
		{Revision: 16, Current: b},
	}})
	// a has reappeared, the client knew c all the time, and it never knew b.
	want := []string{"11 a gone", "12 a", "15 e (partial)", "20 c gone", "21 d"}
	if diff := cmp.Diff(want, rest(q)); diff != "" || !q.passes() {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if len(q.leaving)+len(q.folded) > 0 {
		t.Errorf("the queue still has %v, %v", q.leaving, q.folded)
	}
}

// A queue that has been dropped stays empty.
func TestQueueThatIsDroppedWhileItResumes(t *testing.T) {
	q := &queue{}
	q.await(1)
	q.push(batch{changes: []*Change{{Revision: 20, Current: namedEntry("a", 20)}}}, 1000)
	if !q.dropBefore(20) {
		t.Error("not dropped")
	}
	q.resume(batch{changes: []*Change{{Revision: 11, Current: namedEntry("b", 11)}}})
	if got := rest(q); got != nil || !q.isOverrun() {
		t.Errorf("delivered %q, overrun %v", got, q.isOverrun())
	}
}

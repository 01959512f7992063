// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"capsule.dev/tenantview/pkg/view"
)

// Clients resume from the revision. If it fell, or did not rise with a change, they would miss events.
func TestRevisions(t *testing.T) {
	set, v := newView()
	others := set.View("others")
	steps := []struct {
		what  string
		cause uint64
		do    func(*view.Tx)
		want  uint64
		// entry is the revision of the object a afterwards.
		entry uint64
	}{
		{"an object in order keeps its version", 10, func(tx *view.Tx) { tx.Put(v, object("a", "p", 10)) }, 10, 10},
		{"the same object again", 10, func(tx *view.Tx) { tx.Put(v, object("a", "p", 10)) }, 10, 10},
		{"another object in order", 15, func(tx *view.Tx) { tx.Put(v, object("b", "p", 15)) }, 15, 10},
		{"an object that comes late", 12, func(tx *view.Tx) { tx.Put(v, object("a", "p", 12)) }, 16, 16},
		{"an object of the next version then", 16, func(tx *view.Tx) { tx.Put(v, object("a", "p", 16)) }, 17, 17},
		{"a bookmark", 40, func(tx *view.Tx) { tx.Observe(v, 40) }, 40, 17},
		{"an old bookmark", 30, func(tx *view.Tx) { tx.Observe(v, 30) }, 40, 17},
		{"a move", 50, func(tx *view.Tx) { tx.SetPartition(v, "a", "q") }, 50, 49},
		{"a move to where it is", 60, func(tx *view.Tx) { tx.SetPartition(v, "a", "q") }, 50, 49},
		{"a move without a cause", 0, func(tx *view.Tx) { tx.SetPartition(v, "a", "p") }, 52, 51},
		{"a move of what is not there", 70, func(tx *view.Tx) { tx.SetPartition(v, "absent", "p") }, 52, 51},
		{"a deletion", 80, func(tx *view.Tx) { tx.Delete(v, "b") }, 80, 51},
		{"a deletion that comes late", 70, func(tx *view.Tx) { tx.Delete(v, "c") }, 81, 51},
		{"a deletion of what is not there", 90, func(tx *view.Tx) { tx.Delete(v, "c") }, 81, 51},
		{"a change of another view", 95, func(tx *view.Tx) { tx.Put(others, object("a", "", 95)) }, 81, 51},
		{"a grant that changes nothing", 96, func(tx *view.Tx) { tx.Revoke(v, alice, grant(view.All(), seen)) }, 81, 51},
	}
	for _, s := range steps {
		set.Update(s.cause, s.do)
		e, ok := v.Get(view.Viewer{All: true}, "a", view.OpGet)
		if !ok {
			t.Fatalf("%s: the object is gone", s.what)
		}
		if v.Revision() != s.want || e.Revision != s.entry {
			t.Fatalf("%s: revision %d, of the object %d; want %d, %d", s.what, v.Revision(), e.Revision, s.want, s.entry)
		}
	}
}

// A client that has seen the revision before a change of grants must learn what the change reveals.
func TestAChangeOfGrantsHasARevision(t *testing.T) {
	set, v := newView()
	g := grant(view.All(), seen)
	for _, s := range []struct {
		what  string
		do    func(*view.Tx)
		rises bool
	}{
		{"given", func(tx *view.Tx) { tx.Grant(v, alice, g) }, true},
		{"given again", func(tx *view.Tx) { tx.Grant(v, alice, g) }, false},
		{"taken once", func(tx *view.Tx) { tx.Revoke(v, alice, g) }, false},
		{"taken", func(tx *view.Tx) { tx.Revoke(v, alice, g) }, true},
		{"with an object", func(tx *view.Tx) { tx.Put(v, object("a", "p", 200)); tx.Grant(v, alice, g) }, true},
	} {
		before := v.Revision()
		set.Update(0, s.do)
		entries, at := v.List(viewer(alice))
		revision := at.Revision
		if (revision > before) != s.rises {
			t.Errorf("%s: revision %d after %d", s.what, revision, before)
		}
		for _, e := range entries {
			if e.Revision > revision {
				t.Errorf("%s: %s has revision %d in a list of revision %d", s.what, e.Name, e.Revision, revision)
			}
		}
	}
}

// A view must not run ahead of its sources: the further ahead it is, the less another server knows
// whether it has caught up.
func TestAChangeOfGrantsDoesNotRunAhead(t *testing.T) {
	set, v := newView()
	for _, s := range []struct{ cause, want uint64 }{{1000, 1000}, {1002, 1002}, {1003, 1004}, {900, 1006}} {
		set.Update(s.cause, func(tx *view.Tx) { tx.Grant(v, alice, grant(view.Name(fmt.Sprint(s.cause)), seen)) })
		if got := v.Revision(); got != s.want {
			t.Errorf("a change of grants with cause %d leads to revision %d, want %d", s.cause, got, s.want)
		}
	}
}

// One cause may change many objects, most of which a user does not see. The revisions of those that
// the user sees must not reveal the number: one object must look like many.
func TestWhatOneCauseDoesHasOneRevision(t *testing.T) {
	set, v := newView()
	names := []string{"x", "y", "z"}
	set.Update(0, func(tx *view.Tx) {
		for i, name := range names {
			tx.Put(v, object(name, "p", uint64(200+i)))
		}
	})
	for _, moved := range [][]string{names, names[:1]} {
		set.Update(300, func(tx *view.Tx) {
			for _, name := range moved {
				tx.SetPartition(v, name, fmt.Sprint(len(moved)))
			}
		})
		e, _ := v.Get(view.Viewer{All: true}, "x", view.OpGet)
		if got := v.Revision(); e.Revision != got-1 {
			t.Errorf("revision %d after %d were moved at %d", got, len(moved), e.Revision)
		}
	}
	if got := v.Revision(); got != 302 {
		t.Errorf("revision %d after objects were moved twice", got)
	}
	set.Update(400, func(tx *view.Tx) {
		tx.SetBulk()
		for _, name := range names {
			tx.Delete(v, name)
		}
	})
	if got := v.Revision(); got != 400 {
		t.Errorf("revision %d after objects were missing in a list", got)
	}
}

// The events of other sources do not show how far this one is.
func TestWaitForVersion(t *testing.T) {
	set, v := newView()
	version := v.Revision()
	reached := func(version uint64) bool {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return v.WaitForVersion(ctx, version) == nil
	}
	for _, s := range []struct {
		what     string
		do       func(tx *view.Tx)
		observes bool
	}{
		{"a grant", func(tx *view.Tx) { tx.Grant(v, alice, grant(view.All(), seen)) }, false},
		{"an object", func(tx *view.Tx) { tx.Put(v, object("a", "p", version)) }, true},
		{"a partition", func(tx *view.Tx) { tx.SetPartition(v, "a", "q") }, false},
		{"the object again", func(tx *view.Tx) { tx.Put(v, object("a", "q", version)) }, true},
		{"a deletion", func(tx *view.Tx) { tx.Delete(v, "a") }, true},
		{"a bookmark", func(tx *view.Tx) { tx.Observe(v, version) }, true},
	} {
		version += 10
		set.Update(version, s.do)
		if v.Revision() < version {
			t.Fatalf("%s: revision %d at %d", s.what, v.Revision(), version)
		}
		if got := reached(version); got != s.observes {
			t.Errorf("%s: reached version %d: %v", s.what, version, got)
		}
	}
}

func TestWaitForVersionThatComes(t *testing.T) {
	set, v := newView()
	if err := v.WaitForVersion(t.Context(), v.Version()); err != nil {
		t.Errorf("WaitForVersion waits for a version that has been reached: %v", err)
	}
	done := make(chan error, 3)
	for range cap(done) {
		go func() { done <- v.WaitForVersion(t.Context(), 100) }()
	}
	// A lower version must not end the wait, whenever it began.
	for version := uint64(90); version < 100; version++ {
		set.Update(version, func(tx *view.Tx) { tx.Observe(v, version) })
		select {
		case err := <-done:
			t.Fatalf("WaitForVersion returned %v at version %d", err, v.Version())
		default:
		}
	}
	set.Update(101, func(tx *view.Tx) { tx.Put(v, object("a", "p", 101)) })
	for range cap(done) {
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("it returned %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("WaitForVersion still waits")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.WaitForVersion(ctx, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("it returned %v", err)
	}
}

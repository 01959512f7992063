// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"capsule.dev/tenantview/pkg/view"
)

// Readers never see half of a transaction that moves an object, and its grant, from one view to the
// other: exactly one of the objects always exists, and its reader always sees it. Run this with the
// race detector.
func TestReadersSeeWholeTransactions(t *testing.T) {
	set := view.NewSet("here", "there")
	here, there := set.View("here"), set.View("there")
	everything := grant(view.Partition("p"), seen)
	set.Update(0, func(tx *view.Tx) {
		tx.GoLive()
		tx.Put(here, object("thing", "p", 1))
		tx.Grant(here, alice, everything)
	})
	const rounds = 500
	var running sync.WaitGroup
	done := make(chan struct{})
	running.Go(func() {
		defer close(done)
		from, to := here, there
		for i := range uint64(rounds) {
			set.Update(i+2, func(tx *view.Tx) {
				tx.Put(to, object("thing", "", i+2))
				tx.SetPartition(to, "thing", "p")
				tx.Grant(to, alice, everything)
				tx.Revoke(from, alice, everything)
				tx.Delete(from, "thing")
			})
			from, to = to, from
		}
	})
	problems := make(chan string, 4)
	for range cap(problems) {
		running.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if problem := look(here, there); problem != "" {
					problems <- problem
					return
				}
			}
		})
	}
	running.Wait()
	close(problems)
	for problem := range problems {
		t.Error(problem)
	}
}

// look reads one view between two reads of the other. If these agree, all three must.
func look(here, there *view.View) string {
	for {
		first, before := here.List(viewer(alice))
		second, _ := there.List(viewer(alice))
		third, after := here.List(viewer(alice))
		if before != after {
			continue // a transaction came in between
		}
		if len(first)+len(second) != 1 || len(third) != len(first) {
			return fmt.Sprintf("alice sees %d objects here and %d there", len(first), len(second))
		}
		for _, e := range append(first, second...) {
			if e.Partition != "p" {
				return "an entry is seen that its transaction has replaced"
			}
		}
		return ""
	}
}

// Readers do not wait for the evaluation of users' criteria, even if it takes forever.
func TestReadersDoNotWaitForCriteria(t *testing.T) {
	set, v := newView()
	evaluating, read := make(chan struct{}), make(chan struct{})
	slow := view.Where("slow", func(o *view.Attributes) bool {
		if o.Name == "a" {
			close(evaluating)
			<-read
		}
		return true
	})
	var running sync.WaitGroup
	running.Go(func() {
		set.Update(20, func(tx *view.Tx) {
			tx.Put(v, object("e", "p", 20))
			tx.Grant(v, alice, grant(slow, seen))
		})
	})
	<-evaluating
	if got := names(v, viewer(alice)); got != nil {
		t.Errorf("alice sees %q during a transaction", got)
	}
	if _, ok := v.Get(view.Viewer{All: true}, "e", view.OpGet); ok || v.Revision() != 4 || v.Version() != 4 {
		t.Errorf("readers see a part of a transaction, at revision %d and version %d", v.Revision(), v.Version())
	}
	close(read)
	running.Wait()
	if got := names(v, viewer(alice)); len(got) != 5 {
		t.Errorf("alice sees %q", got)
	}
}

// The index keeps nothing of deleted objects.
func TestIndexLeavesNothing(t *testing.T) {
	set, v := newView()
	for round := range uint64(3) {
		set.Update(0, func(tx *view.Tx) {
			for i, name := range []string{"a", "b", "c", "d"} {
				tx.Put(v, view.Object{Attributes: view.Attributes{Name: name, Partition: name, Labels: view.NewLabels(map[string]string{"n": "of-" + name, fmt.Sprint(round): "x"})}, Version: 100*(round+1) + uint64(i)})
			}
		})
		objects, partitions, labels, ids := v.IndexSize()
		if got := [4]int{objects, partitions, labels, ids}; got != [4]int{4, 4, 5, 4} {
			t.Errorf("objects, partitions, label values and ids: %d", got)
		}
		set.Update(0, func(tx *view.Tx) {
			for _, name := range []string{"a", "b", "c", "d"} {
				tx.Delete(v, name)
			}
			tx.Put(v, object("e", "", 100*(round+1)+50))
			tx.Delete(v, "e")
		})
		objects, partitions, labels, ids = v.IndexSize()
		if got := [4]int{objects, partitions, labels, ids}; got != [4]int{} {
			t.Errorf("remaining objects, partitions, label values and ids: %d", got)
		}
	}
}

// Watches that resume during writes get each change once and in order. Run this with the race
// detector.
func TestWatchesResumeWhileOthersWrite(t *testing.T) {
	w := newWatched(t)
	written := make(chan struct{})
	var resumed atomic.Int64
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			for {
				select {
				case <-written:
					return
				default:
					if problem := resumeOnce(w.View, &resumed); problem != "" {
						t.Error(problem)
						return
					}
				}
			}
		})
	}
	// Continue until some have resumed, even if they rarely get a turn, but not forever.
	for version := uint64(1000); version < 5000 || resumed.Load() < 10 && version < 1_000_000; version++ {
		switch version % 5 {
		case 0:
			w.puts(version, "a solar")
		case 1:
			w.puts(version, "b solar")
		case 2:
			w.puts(version, "b wind")
		case 3:
			w.grants(view.Group("devs"), view.Partition("wind"))
		case 4:
			w.revokes(view.Group("devs"), view.Partition("wind"))
		}
	}
	close(written)
	running.Wait()
	if resumed.Load() == 0 {
		t.Error("no watch has resumed")
	}
}

// resumeOnce resumes after a list, and follows for a while.
func resumeOnce(v *view.View, resumed *atomic.Int64) string {
	entries, at := v.List(ann)
	revision := at.Revision
	known := make(map[string]bool)
	for _, e := range entries {
		known[e.Name] = true
	}
	runtime.Gosched() // to miss some changes
	watcher, err := v.Watch(ann, view.WatchOptions{Resume: at})
	if err != nil {
		return "" // grants have changed in between
	}
	defer watcher.Stop()
	resumed.Add(1)
	for range 20 {
		e, ok := watcher.Next()
		if !ok || e.Entry == nil {
			continue
		}
		if added := e.Type == view.Added; added == known[e.Entry.Name] || e.Revision < revision {
			return fmt.Sprintf("%v of %s at %d, which is known: %v, after %d", e.Type, e.Entry.Name, e.Revision, known[e.Entry.Name], revision)
		}
		known[e.Entry.Name] = e.Type != view.Deleted
		revision = e.Revision
	}
	return ""
}

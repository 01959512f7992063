// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"sync"
	"testing"

	"capsule.dev/tenantview/pkg/view"
)

// A transaction that moves an object from one view to the other, and the grant with it, is
// never seen half: there is always exactly one of the objects, and its reader always sees
// it. Run it with the race detector.
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

// look reads one view between two looks at the other, which must then agree.
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"capsule.dev/tenantview/pkg/view"
)

// The event of a change depends on what the viewer saw before and sees afterwards.
func TestWatchTellsChanges(t *testing.T) {
	solar, wind, devs := view.Partition("solar"), view.Partition("wind"), view.Group("devs")
	for name, tc := range map[string]struct {
		// before runs before the watch begins. It may change the revision, which is 12.
		before  func(*watched)
		selects func(*view.Attributes) bool
		change  func(*watched)
		want    []string
	}{
		"an object appears":                       {change: func(w *watched) { w.puts(20, "d solar") }, want: []string{"ADDED 20 d@20"}},
		"an object appears, late":                 {change: func(w *watched) { w.puts(9, "d solar") }, want: []string{"ADDED 13 d@9"}},
		"an object changes":                       {change: func(w *watched) { w.puts(20, "a solar x=2") }, want: []string{"MODIFIED 20 a@20"}},
		"an object is delivered again":            {change: func(w *watched) { w.puts(5, "a solar x=1") }},
		"an object disappears":                    {change: func(w *watched) { w.deletes(20, "a") }, want: []string{"DELETED 20 a@5"}},
		"an object that was not there disappears": {change: func(w *watched) { w.deletes(20, "z") }},
		"somebody else's object changes": {change: func(w *watched) {
			w.puts(20, "b wind x=2")
			w.deletes(21, "b")
			w.puts(22, "e")
		}},
		"an object enters": {change: func(w *watched) { w.puts(20, "b solar") }, want: []string{"ADDED 20 b@20"}},
		"an object leaves": {change: func(w *watched) { w.puts(20, "a wind") }, want: []string{"DELETED 20 a@5"}},
		"a partition is given to an object": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) { tx.SetPartition(w.View, "b", "solar") })
				w.tx(21, func(tx *view.Tx) { tx.SetPartition(w.View, "b", "solar") })
			},
			want: []string{"ADDED 19 b@6 (partial)"},
		},
		"a partition is taken from an object": {
			change: func(w *watched) { w.tx(9, func(tx *view.Tx) { tx.SetPartition(w.View, "a", "") }) },
			want:   []string{"DELETED 13 a@5 (partial)"},
		},
		// If the object were gone for a moment, clients would lose their state of it.
		"an object moves between two partitions of one user": {
			before: func(w *watched) { w.grants(devs, wind) },
			change: func(w *watched) { w.puts(20, "a wind x=1") },
			want:   []string{"MODIFIED 20 a@20"},
		},
		"an object that several grants show changes": {
			before: func(w *watched) { w.grants(devs, view.Label("x", "1")); w.grants(view.User("ann"), view.All()) },
			change: func(w *watched) { w.puts(20, "a solar x=1") },
			want:   []string{"MODIFIED 20 a@20"},
		},
		"an object is still shown by another grant": {
			before: func(w *watched) { w.grants(devs, view.Name("a")) },
			change: func(w *watched) { w.puts(20, "a wind") },
			want:   []string{"MODIFIED 20 a@20"},
		},
		"a grant": {
			change: func(w *watched) { w.grants(devs, view.Label("x", "1")) },
			want:   []string{"ADDED 13 b@6 (partial)", "BOOKMARK 14"},
		},
		"a grant to somebody else": {change: func(w *watched) { w.grants(view.User("devs"), wind) }},
		"a grant of nothing":       {change: func(w *watched) { w.grants(devs, view.Name("z")) }},
		"a grant of what was seen": {change: func(w *watched) { w.grants(devs, view.Name("a")) }},
		"a grant to get":           {change: func(w *watched) { w.tx(0, func(tx *view.Tx) { tx.Grant(w.View, devs, grant(wind, view.OpGet)) }) }},
		"a grant of much":          {change: func(w *watched) { w.grants(devs, view.All()) }, want: []string{"ADDED 13 b@6 (partial)", "BOOKMARK 14"}},
		"a revocation": {
			change: func(w *watched) { w.revokes(view.User("ann"), solar) },
			want:   []string{"DELETED 13 a@5 (partial)", "DELETED 13 c@7 (partial)", "BOOKMARK 14"},
		},
		"a revocation of what is granted twice": {
			before: func(w *watched) { w.grants(view.User("ann"), solar) },
			change: func(w *watched) { w.revokes(view.User("ann"), solar) },
		},
		"loses by user but keeps by group": {
			before: func(w *watched) { w.grants(devs, solar) },
			change: func(w *watched) { w.revokes(view.User("ann"), solar) },
		},
		"loses by user and gains by group at once": {
			change: func(w *watched) {
				w.tx(0, func(tx *view.Tx) { w.revoke(tx, view.User("ann"), solar); w.grant(tx, devs, solar) })
			},
		},
		"another criterion of the same objects": {
			before: func(w *watched) { w.puts(20, "c solar x=1"); w.deletes(21, "b") },
			change: func(w *watched) {
				w.tx(0, func(tx *view.Tx) {
					w.grant(tx, view.User("ann"), view.Label("x", "1"))
					w.revoke(tx, view.User("ann"), solar)
				})
			},
		},
		"one partition for another": {
			change: func(w *watched) {
				w.tx(30, func(tx *view.Tx) { w.grant(tx, devs, wind); w.revoke(tx, view.User("ann"), solar) })
			},
			want: []string{"DELETED 29 a@5 (partial)", "ADDED 29 b@6 (partial)", "DELETED 29 c@7 (partial)", "BOOKMARK 30"},
		},
		// The posting of the grant is younger than the change of the object.
		"an object changes, and then a grant shows it, in one transaction": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) { w.put(tx, 20, "b wind x=9"); w.grant(tx, devs, view.Label("x", "9")) })
			},
			want: []string{"ADDED 20 b@20 (partial)", "BOOKMARK 22"},
		},
		"a grant, and then an object that it shows, in one transaction": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) { w.grant(tx, devs, view.Label("x", "9")); w.put(tx, 20, "b wind x=9") })
			},
			want: []string{"ADDED 20 b@20 (partial)", "BOOKMARK 22"},
		},
		"objects and grants at once": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) {
					w.put(tx, 20, "a wind x=1") // moves with the grants, so it stays visible
					w.revoke(tx, view.User("ann"), solar)
					w.grant(tx, devs, wind)
					tx.Delete(w.View, "c")
					w.put(tx, 22, "d solar")
				})
			},
			want: []string{"MODIFIED 20 a@20 (partial)", "DELETED 21 c@7 (partial)", "ADDED 23 b@6 (partial)", "BOOKMARK 24"},
		},
		"a partition dissolves": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) {
					w.revoke(tx, view.User("ann"), solar)
					tx.Delete(w.View, "a")
					tx.SetPartition(w.View, "c", "")
				})
			},
			want: []string{"DELETED 20 a@5 (partial)", "DELETED 20 c@7 (partial)", "BOOKMARK 22"},
		},
		"several changes of one object are one": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) {
					w.put(tx, 20, "a wind")
					w.put(tx, 21, "c solar x=2")
					tx.SetPartition(w.View, "a", "solar")
					w.put(tx, 24, "d solar")
					tx.Delete(w.View, "d")
				})
			},
			want: []string{"MODIFIED 21 c@21", "MODIFIED 22 a@20 (partial)"},
		},
		"an object is replaced by one of its name": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) { tx.Delete(w.View, "a"); w.put(tx, 21, "a solar") })
			},
			want: []string{"DELETED 20 a@5", "ADDED 21 a@21"},
		},
		"a grant goes and comes back": {
			change: func(w *watched) {
				w.revokes(view.User("ann"), view.Partition("solar"))
				w.grants(view.User("ann"), view.Partition("solar"))
			},
			want: []string{
				"DELETED 13 a@5 (partial)", "DELETED 13 c@7 (partial)", "BOOKMARK 14",
				"ADDED 15 a@5 (partial)", "ADDED 15 c@7 (partial)", "BOOKMARK 16",
			},
		},
		"an object stops being selected": {
			selects: labelled("x", "1"),
			change:  func(w *watched) { w.puts(20, "a solar x=2"); w.puts(21, "a solar x=3"); w.puts(22, "a solar x=1") },
			want:    []string{"DELETED 20 a@5", "ADDED 22 a@22"},
		},
		"an object that is not selected": {
			selects: labelled("x", "1"),
			change:  func(w *watched) { w.puts(20, "c solar x=2"); w.puts(21, "d solar"); w.deletes(22, "c") },
		},
		"a selected object leaves": {
			selects: labelled("x", "1"),
			change:  func(w *watched) { w.puts(20, "a wind x=1"); w.puts(21, "c wind") },
			want:    []string{"DELETED 20 a@5"},
		},
		"a selected object leaves and is not selected any more": {
			selects: labelled("x", "1"),
			change:  func(w *watched) { w.puts(20, "a wind x=2") },
			want:    []string{"DELETED 20 a@5"},
		},
		"a revocation, with a selector": {
			selects: labelled("x", "1"),
			change:  func(w *watched) { w.revokes(view.User("ann"), solar) },
			want:    []string{"DELETED 13 a@5 (partial)", "BOOKMARK 14"},
		},
		"another resource changes": {
			change: func(w *watched) {
				w.tx(20, func(tx *view.Tx) { tx.Put(w.set.View("others"), parseObject(20, "a solar")) })
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			if tc.before != nil {
				tc.before(w)
			}
			w.watch(ann, view.WatchOptions{FromNow: true, Selects: tc.selects})
			tc.change(w)
			w.tells(tc.want...)
		})
	}
}

// The object of DELETED is the one that the client last saw, with the revision of the event, because
// clients drop events that are not newer than their state.
func TestWatchDeletedObject(t *testing.T) {
	w := newWatched(t)
	w.watch(ann, view.WatchOptions{FromNow: true, Selects: labelled("x", "1")})
	w.puts(20, "a wind x=2")
	got, _ := w.Next()
	want := &view.Entry{Object: parseObject(5, "a solar x=1"), Revision: 20}
	if diff := cmp.Diff(want, got.Entry, cmpopts.IgnoreUnexported(view.Entry{})); diff != "" || got.Type != view.Deleted {
		t.Errorf("type %v, object (-want +got):\n%s", got.Type, diff)
	}
}

// A watch that starts with the existing objects has no gap and no duplicate.
func TestWatchBeginsWithASnapshot(t *testing.T) {
	w := newWatched(t)
	w.grants(view.Group("devs"), view.Label("x", "1"))
	w.watch(ann, view.WatchOptions{})
	w.puts(20, "c solar y=1")
	w.puts(21, "d solar")
	w.tells("ADDED 5 a@5 (initial)", "ADDED 6 b@6 (initial)", "ADDED 7 c@7 (initial)", "END 14", "MODIFIED 20 c@20", "ADDED 21 d@21")
	w.puts(22, "d solar y=1")
	w.tells("MODIFIED 22 d@22")

	w.watch(ann, view.WatchOptions{Selects: labelled("y", "1")})
	w.tells("ADDED 20 c@20 (initial)", "ADDED 22 d@22 (initial)", "END 22")

	w.watch(view.Viewer{}, view.WatchOptions{})
	w.tells("END 22")

	w.watch(view.Viewer{All: true}, view.WatchOptions{Selects: func(o *view.Attributes) bool { return o.Name == "b" }})
	w.tells("ADDED 6 b@6 (initial)", "END 22")
}

func TestWatchBookmarks(t *testing.T) {
	w := newWatched(t)
	w.follow()
	w.Bookmark()
	w.puts(20, "a solar")
	w.Bookmark()
	w.tx(30, func(tx *view.Tx) { tx.Observe(w.View, 30) })
	w.Bookmark()
	w.tells("BOOKMARK 12", "MODIFIED 20 a@20", "BOOKMARK 20", "BOOKMARK 30")
	w.watch(ann, view.WatchOptions{})
	w.Bookmark()
	w.tells("ADDED 20 a@20 (initial)", "ADDED 7 c@7 (initial)", "END 30", "BOOKMARK 30")
}

func TestWatchReady(t *testing.T) {
	w := newWatched(t)
	w.follow()
	isReady := func() bool {
		select {
		case <-w.Ready():
			return true
		default:
			return false
		}
	}
	var got []bool
	for _, change := range []func(){
		func() {},
		func() { w.puts(20, "b wind") },
		func() { w.puts(21, "a solar") },
		func() {},
		func() { w.puts(22, "a solar"); w.puts(23, "a solar") },
		func() { w.Bookmark() },
	} {
		change()
		got = append(got, isReady())
	}
	if diff := cmp.Diff([]bool{false, false, true, false, true, true}, got); diff != "" {
		t.Errorf("ready (-want +got):\n%s", diff)
	}
}

// receiver takes events as long as it is free.
type receiver struct {
	free int
	got  []string
	as   []view.Scope
}

func (r *receiver) Receive(e view.Event) bool {
	if r.free == 0 {
		return false
	}
	r.free--
	r.got, r.as = append(r.got, eventText(e)), append(r.as, e.Scope)
	return true
}

// hands compares the events that the receiver has taken since the last call.
func (r *receiver) hands(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.got); diff != "" {
		t.Errorf("handed (-want +got):\n%s", diff)
	}
	r.got = nil
}

// If a watcher keeps up, single events do not wait in the queue. All other events do, and nothing
// overtakes them.
func TestWatchHandsOverWhatComesAlone(t *testing.T) {
	w := newWatched(t)
	r := &receiver{free: 3}
	w.watch(ann, view.WatchOptions{Receiver: r})
	w.puts(13, "a solar x=2")
	r.hands(t) // nothing, until the initial objects have been taken
	w.tells("ADDED 5 a@5 (initial)", "ADDED 7 c@7 (initial)", "END 12", "MODIFIED 13 a@13")

	w.puts(20, "d solar")
	w.puts(21, "b wind x=3")
	w.Bookmark()
	r.hands(t, "ADDED 20 d@20", "BOOKMARK 21")
	w.tells()

	w.grants(view.Group("devs"), view.Partition("wind"))
	w.puts(30, "d solar x=1")
	r.hands(t) // nothing, after a change that does not come alone
	w.tells("ADDED 22 b@21 (partial)", "BOOKMARK 23", "MODIFIED 30 d@30")

	w.deletes(31, "d")
	w.deletes(32, "c") // the receiver is no longer free
	r.free = 1
	w.deletes(33, "b") // the receiver does not get it before that one is taken
	r.hands(t, "DELETED 31 d@30")
	w.tells("DELETED 32 c@7", "DELETED 33 b@21")
	w.puts(34, "a solar")
	r.hands(t, "MODIFIED 34 a@34")

	r.free, r.as = 1, nil
	root := view.Viewer{All: true}
	w.SetViewer(root)
	w.tells()
	w.puts(40, "z")
	r.hands(t, "ADDED 40 z@40")
	if diff := cmp.Diff([]view.Scope{w.Scope(root)}, r.as, cmp.AllowUnexported(view.Scope{})); diff != "" {
		t.Errorf("handed as (-want +got):\n%s", diff)
	}

	r.free = 1
	w.Stop()
	w.puts(41, "z")
	w.Bookmark()
	r.hands(t)
}

// A client chooses its selector, which may be slow to evaluate. The writer must not evaluate it,
// because everybody waits for the writer.
func TestWatchSelectsWhenEventsAreTaken(t *testing.T) {
	w := newWatched(t)
	calls, r := 0, &receiver{free: 3}
	w.watch(ann, view.WatchOptions{FromNow: true, Receiver: r, Selects: func(*view.Attributes) bool { calls++; return true }})
	w.tells()
	w.puts(20, "a solar x=2")
	r.hands(t)
	if calls > 0 {
		t.Errorf("a transaction called the selector %d times", calls)
	}
	w.tells("MODIFIED 20 a@20")
}

// After an object is hidden, no queued event shows it any more.
func TestWatchHidesWhatIsQueued(t *testing.T) {
	solar := view.Partition("solar")
	for name, tc := range map[string]struct {
		options view.WatchOptions
		change  func(*watched)
		want    []string
	}{
		"an appearance vanishes with its disappearance": {
			options: view.WatchOptions{FromNow: true},
			change:  func(w *watched) { w.puts(20, "d solar"); w.puts(21, "d solar x=1"); w.puts(22, "d wind") },
		},
		"of a change, the disappearance is left": {
			options: view.WatchOptions{FromNow: true},
			change:  func(w *watched) { w.puts(20, "a solar secret=1"); w.puts(21, "c solar y=1"); w.puts(22, "a wind") },
			want:    []string{"MODIFIED 21 c@21 (partial)", "DELETED 22 a@5"},
		},
		"a bookmark in between is no point to resume at": {
			options: view.WatchOptions{FromNow: true},
			change: func(w *watched) {
				w.puts(20, "a solar secret=1")
				w.Bookmark()
				w.deletes(22, "a")
				w.Bookmark()
			},
			want: []string{"BOOKMARK 20 (partial)", "DELETED 22 a@5", "BOOKMARK 22"},
		},
		"a disappearance and what follows it": {
			options: view.WatchOptions{FromNow: true},
			change: func(w *watched) {
				w.puts(20, "a wind")
				w.puts(21, "a solar")
				w.puts(22, "a wind")
				w.puts(23, "a solar")
			},
			want: []string{"DELETED 22 a@5", "ADDED 23 a@23"},
		},
		"with a selector, what the client knows counts": {
			options: view.WatchOptions{FromNow: true, Selects: labelled("x", "1")},
			change: func(w *watched) {
				w.puts(20, "a solar x=2") // no longer selected
				w.puts(21, "c solar x=1") // now selected
				w.puts(22, "d solar x=1")
				w.puts(23, "a wind x=2")
				w.puts(24, "c wind x=1")
			},
			want: []string{"ADDED 22 d@22 (partial)", "DELETED 23 a@5 (partial)"},
		},
		"what the watch begins with": {
			change: func(w *watched) { w.puts(20, "c solar y=1"); w.puts(21, "a wind"); w.puts(22, "d solar") },
			want:   []string{"ADDED 7 c@7 (initial)", "END 12 (partial)", "MODIFIED 20 c@20 (partial)", "ADDED 22 d@22"},
		},
		"what the watch begins with, revoked": {
			change: func(w *watched) { w.puts(20, "c solar y=1"); w.revokes(view.User("ann"), solar) },
			want:   []string{"END 12 (partial)", "BOOKMARK 22"},
		},
		"revoked and granted again": {
			options: view.WatchOptions{FromNow: true},
			change: func(w *watched) {
				w.puts(20, "c solar y=1")
				w.revokes(view.User("ann"), solar)
				w.grants(view.User("ann"), solar)
			},
			want: []string{
				"DELETED 21 a@5 (partial)", "DELETED 21 c@7 (partial)", "BOOKMARK 22",
				"ADDED 23 a@5 (partial)", "ADDED 23 c@20 (partial)", "BOOKMARK 24",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			w.watch(ann, tc.options)
			tc.change(w)
			w.tells(tc.want...)
		})
	}
}

// A revocation takes back everything in the queue, however much.
func TestWatchRevokesWhatIsQueued(t *testing.T) {
	w := newWatched(t)
	w.follow()
	for i := range uint64(view.MaxQueued) {
		w.puts(20+i, fmt.Sprintf("%s solar n=%d", []string{"a", "c", "new"}[i%3], i))
	}
	w.revokes(view.User("ann"), view.Partition("solar"))
	last := uint64(20 + view.MaxQueued)
	w.tells(
		fmt.Sprintf("DELETED %d a@5 (partial)", last), fmt.Sprintf("DELETED %d c@7 (partial)", last), fmt.Sprintf("BOOKMARK %d", last+1),
	)
	if w.Overrun() {
		t.Error("the watch was closed")
	}
}

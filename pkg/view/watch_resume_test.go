// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/view"
)

// A client that resumes gets every missed change once, or has to list again.
func TestWatchResumes(t *testing.T) {
	solar, wind, devs := view.Partition("solar"), view.Partition("wind"), view.Group("devs")
	expired := []string{"expired"}
	// changed is what has happened after revision 12.
	changed := func(w *watched) {
		w.puts(20, "a solar x=2")
		w.puts(21, "b wind y=1")
		w.puts(22, "d solar x=1")
		w.deletes(23, "c")
		w.tx(30, func(tx *view.Tx) { tx.Observe(w.View, 30) })
	}
	all := []string{"MODIFIED 20 a@20 (partial)", "ADDED 22 d@22 (partial)", "DELETED 23 c@7"}
	for name, tc := range map[string]struct {
		before  func(*watched)
		resume  uint64
		selects func(*view.Attributes) bool
		who     *view.Viewer
		want    []string
	}{
		"where it began":              {before: changed, resume: 12, want: all},
		"before it began":             {before: changed, resume: 11, want: expired},
		"in between":                  {before: changed, resume: 20, want: all[1:]},
		"between two revisions":       {before: changed, resume: 21, want: all[1:]},
		"at the last change":          {before: changed, resume: 23},
		"at the present":              {before: changed, resume: 30},
		"in the future":               {before: changed, resume: 31, want: expired},
		"at the end of time":          {before: changed, resume: math.MaxUint64, want: expired},
		"with a selector":             {before: changed, resume: 12, selects: labelled("x", "1"), want: []string{"DELETED 20 a@5 (partial)", "ADDED 22 d@22 (partial)"}},
		"who sees everything":         {before: changed, resume: 20, who: &view.Viewer{All: true}, want: []string{"MODIFIED 21 b@21 (partial)", "ADDED 22 d@22 (partial)", "DELETED 23 c@7"}},
		"who sees nothing":            {before: changed, resume: 12, who: &view.Viewer{}},
		"before a grant":              {before: func(w *watched) { w.grants(devs, wind) }, resume: 12, want: expired},
		"at the revision of a grant":  {before: func(w *watched) { w.grants(devs, wind) }, resume: 13, want: expired},
		"after a grant":               {before: func(w *watched) { w.grants(devs, wind); w.puts(20, "b wind") }, resume: 14, want: []string{"MODIFIED 20 b@20"}},
		"before a revocation":         {before: func(w *watched) { w.revokes(view.User("ann"), solar) }, resume: 12, want: expired},
		"after a revocation":          {before: func(w *watched) { w.revokes(view.User("ann"), solar); w.puts(20, "a solar") }, resume: 14},
		"before somebody else's":      {before: func(w *watched) { w.grants(view.User("devs"), wind); w.puts(20, "a solar") }, resume: 12, want: []string{"MODIFIED 20 a@20"}},
		"everything, before a grant":  {before: func(w *watched) { w.grants(devs, wind); w.puts(20, "b") }, resume: 12, who: &view.Viewer{All: true, Subjects: ann.Subjects}, want: []string{"MODIFIED 20 b@20"}},
		"before the server was ready": {before: func(*watched) {}, resume: 7, want: expired},
		"an object came and went": {
			before: func(w *watched) {
				w.puts(20, "d solar")
				w.puts(21, "a solar")
				w.puts(22, "d solar x=1")
				w.deletes(23, "d")
			},
			resume: 12, want: []string{"MODIFIED 21 a@21"},
		},
		"an object that is hidden now": {
			before: func(w *watched) { w.puts(20, "a solar secret=1"); w.puts(21, "c solar x=1"); w.puts(22, "a wind") },
			resume: 12, want: []string{"MODIFIED 21 c@21 (partial)", "DELETED 22 a@5"},
		},
		"an object and a grant in one transaction": {
			before: func(w *watched) {
				w.tx(20, func(tx *view.Tx) { w.put(tx, 20, "a solar"); w.grant(tx, devs, wind) })
			},
			resume: 20, want: expired,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			tc.before(w)
			who := ann
			if tc.who != nil {
				who = *tc.who
			}
			at := w.at(tc.resume)
			if tc.who != nil {
				at.Scope = w.Scope(who)
			}
			watcher, err := w.Watch(who, view.WatchOptions{Resume: at, Selects: tc.selects})
			if err != nil {
				if !errors.Is(err, view.ErrExpired) || cmp.Diff(tc.want, expired) != "" {
					t.Errorf("error %v, want %q", err, tc.want)
				}
				return
			}
			w.Watcher = watcher
			w.tells(tc.want...)
		})
	}
}

// The history has a beginning, and no watch resumes before it.
func TestWatchHistoryIsBounded(t *testing.T) {
	w := newWatched(t)
	w.SetBounds(view.MaxQueued, 4)
	for version := uint64(20); version < 30; version++ {
		w.puts(version, fmt.Sprintf("a solar n=%d", version))
	}
	got := make(map[uint64]string)
	for _, revision := range []uint64{12, 24, 25, 26, 29} {
		watcher, err := w.Watch(ann, view.WatchOptions{Resume: w.at(revision)})
		if err != nil {
			got[revision] = err.Error()
			continue
		}
		w.Watcher = watcher
		got[revision] = fmt.Sprint(w.events(-1))
		watcher.Stop()
	}
	want := map[uint64]string{
		12: view.ErrExpired.Error(), 24: view.ErrExpired.Error(),
		25: "[MODIFIED 29 a@29]", 26: "[MODIFIED 29 a@29]", 29: "[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events by the revision to resume at (-want +got):\n%s", diff)
	}
}

// A user who may write large objects must not be able to fill the memory with their history.
func TestWatchHistoryIsBoundedInBytes(t *testing.T) {
	w := newWatched(t)
	const size = 1 << 20
	for version := uint64(20); version < 200; version++ {
		o := parseObject(version, "b wind")
		o.Size = size
		w.tx(version, func(tx *view.Tx) { tx.Put(w.View, o) })
	}
	w.deletes(200, "b")
	remembered := uint64(0)
	for ; remembered < 100; remembered++ {
		watcher, err := w.Watch(ann, view.WatchOptions{Resume: w.at(w.Revision() - remembered - 1)})
		if err != nil {
			break
		}
		watcher.Stop()
	}
	if remembered != 63 { // changes take a little more space than their objects
		t.Errorf("the history keeps %d changes of %d bytes", remembered, size)
	}
}

// A watcher that takes nothing must not keep large objects longer than the history does.
func TestWatchBehindTheHistoryIsClosed(t *testing.T) {
	for name, options := range map[string]view.WatchOptions{"with changes": {FromNow: true}, "with initial objects": {}} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			w.grants(view.Group("devs"), view.Partition("wind"))
			stuck, err := w.Watch(ann, options)
			if err != nil {
				t.Fatal(err)
			}
			defer stuck.Stop()
			for version := uint64(20); version < 120; version++ {
				w.watch(view.Viewer{}, view.WatchOptions{FromNow: true}) // sees nothing, so it is never behind
				o := parseObject(version, "b wind")
				o.Size = 1 << 20
				w.tx(version, func(tx *view.Tx) { tx.Put(w.View, o) })
				if version == 60 && stuck.Overrun() {
					t.Error("closed too early")
				}
				if w.Overrun() {
					t.Error("a watcher that is not behind has been closed")
				}
			}
			if !stuck.Overrun() {
				t.Error("not closed")
			}
			select {
			case <-stuck.Ready():
			default:
				t.Error("the watcher was not signalled")
			}
		})
	}
}

// A transaction that is larger than the history must not close watchers before they could take it.
func TestWatchOfATransactionLargerThanTheHistory(t *testing.T) {
	w := newWatched(t)
	large := func(tx *view.Tx, version uint64, text string) {
		o := parseObject(version, text)
		o.Size = 1 << 20
		tx.Put(w.View, o)
	}
	for _, s := range []struct {
		what string
		do   func(tx *view.Tx)
	}{
		{"objects", func(tx *view.Tx) {
			large(tx, 51, "a solar x=2")
			for i := range uint64(100) {
				large(tx, 52+i, fmt.Sprintf("n%d wind", i))
			}
		}},
		{"partitions", func(tx *view.Tx) {
			for i := range 100 {
				tx.SetPartition(w.View, fmt.Sprintf("n%d", i), "x")
			}
			tx.SetPartition(w.View, "a", "wind")
		}},
	} {
		w.watch(ann, view.WatchOptions{FromNow: true})
		w.tx(200, s.do)
		if w.Overrun() || len(w.events(-1)) == 0 {
			t.Errorf("%s: closed by its own events", s.what)
		}
	}
}

// The number of criteria that a user has created must not affect the time that others need to
// resume.
func TestWatchResumesPastManyCriteria(t *testing.T) {
	resume := func(criteria int) time.Duration {
		w := newWatched(t)
		w.tx(0, func(tx *view.Tx) {
			for i := range criteria {
				w.grant(tx, view.User("x"), view.Where(fmt.Sprint(i), func(*view.Attributes) bool { return true }))
			}
		})
		before := w.Revision()
		for version := range uint64(2000) {
			w.puts(10_000+version, "b wind")
		}
		best := time.Hour
		for range 5 {
			start := time.Now()
			w.watch(ann, view.WatchOptions{Resume: w.at(before)})
			best = min(best, time.Since(start))
		}
		return best
	}
	if few, many := resume(1), resume(1000); many > 20*few { // it would be 100 times otherwise
		t.Errorf("to resume takes %v with one criterion, and %v with 1,000", few, many)
	}
}

// A client that is further behind than a watcher may be should list again: its missed changes would
// be computed for it alone.
func TestWatchDoesNotResumeFarBehind(t *testing.T) {
	w := newWatched(t)
	w.SetBounds(3, view.HistorySize)
	for version := uint64(20); version < 30; version++ {
		w.puts(version, fmt.Sprintf("n%d solar", version))
	}
	before := w.Footprint()
	if _, err := w.Watch(ann, view.WatchOptions{Resume: w.at(25)}); !errors.Is(err, view.ErrExpired) {
		t.Errorf("resumed 4 changes behind: %v", err)
	}
	if diff := cmp.Diff(before, w.Footprint()); diff != "" {
		t.Errorf("remaining state (-before +after):\n%s", diff)
	}
	w.watch(ann, view.WatchOptions{Resume: w.at(26)})
	w.tells("ADDED 27 n27@27 (partial)", "ADDED 28 n28@28 (partial)", "ADDED 29 n29@29")
}

// A watch resumes whatever others are granted, and whatever has come and gone in between. Otherwise a
// user who can bind a large group could make all its members list again and again.
func TestWatchResumesWhereTheScopeIsTheSame(t *testing.T) {
	ops, wind := view.Group("ops"), view.Partition("wind")
	for name, tc := range map[string]struct {
		between func(*watched)
		want    []string
	}{
		"others are granted much": {between: func(w *watched) {
			for i := range 4 {
				w.tx(0, func(tx *view.Tx) {
					for j := range 30_000 {
						w.grant(tx, view.User(fmt.Sprint("user-", i, "-", j)), wind)
					}
				})
			}
		}},
		"a grant came and went": {between: func(w *watched) {
			for range 5000 {
				w.grants(ops, wind)
				w.revokes(ops, wind)
			}
		}},
		// The watch does not show what was visible in between: it is hidden now.
		"a grant came and went, and what it showed has changed": {
			between: func(w *watched) {
				w.grants(ops, wind)
				w.puts(20, "b wind secret=1")
				w.puts(21, "c solar x=1")
				w.revokes(ops, wind)
				w.puts(30, "b wind secret=2")
			},
			want: []string{"MODIFIED 21 c@21"},
		},
		"the only grant went and came": {
			between: func(w *watched) {
				w.revokes(view.User("ann"), view.Partition("solar"))
				w.puts(20, "a solar x=2")
				w.puts(21, "d solar")
				w.deletes(22, "c")
				w.puts(23, "e solar")
				w.puts(24, "e wind")
				w.grants(view.User("ann"), view.Partition("solar"))
			},
			want: []string{"MODIFIED 20 a@20 (partial)", "ADDED 21 d@21 (partial)", "DELETED 22 c@7"},
		},
		// The states in between are of a time when ann held nothing.
		"the only grant went and came, and states in between": {
			between: func(w *watched) {
				w.revokes(view.User("ann"), view.Partition("solar"))
				w.puts(20, "a solar secret=1")
				w.puts(21, "c wind secret=1")
				w.puts(22, "a solar x=1")
				w.puts(23, "c wind secret=2")
				w.puts(24, "c solar")
				w.puts(25, "b solar secret=3")
				w.deletes(26, "b")
				w.grants(view.User("ann"), view.Partition("solar"))
			},
			want: []string{"MODIFIED 22 a@22 (partial)", "MODIFIED 24 c@24"},
		},
		"the grant is another's now": {
			between: func(w *watched) {
				w.grants(ops, view.Partition("solar"))
				w.revokes(view.User("ann"), view.Partition("solar"))
				w.puts(20, "a solar x=2")
			},
			want: []string{"MODIFIED 20 a@20"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			before := w.at(12)
			tc.between(w)
			w.watch(ann, view.WatchOptions{Resume: before})
			w.tells(tc.want...)
		})
	}
}

// A watch that continues for another viewer delivers the difference, at a revision of its own.
func TestWatchSetViewer(t *testing.T) {
	everything := view.Viewer{All: true}
	group := view.Viewer{Subjects: ann.Subjects[1:]}
	for name, tc := range map[string]struct {
		from, to view.Viewer
		options  view.WatchOptions
		between  func(*watched)
		want     []string
	}{
		"more":     {from: ann, to: everything, want: []string{"ADDED 13 b@6 (partial)", "BOOKMARK 14"}},
		"less":     {from: everything, to: ann, want: []string{"DELETED 13 b@6 (partial)", "BOOKMARK 14"}},
		"nothing":  {from: ann, to: group, want: []string{"DELETED 13 a@5 (partial)", "DELETED 13 c@7 (partial)", "BOOKMARK 14"}},
		"the same": {from: ann, to: view.Viewer{Subjects: append(ann.Subjects, view.Group("x"))}},
		"with a selector": {
			from: everything, to: group, options: view.WatchOptions{Selects: labelled("x", "1")},
			want: []string{"DELETED 13 a@5 (partial)", "DELETED 13 b@6 (partial)", "BOOKMARK 14"},
		},
		// Events of earlier revisions have the scope of the former viewer.
		"the same, but by another scope, with changes queued": {
			from: ann, to: view.Viewer{All: true, Subjects: ann.Subjects},
			between: func(w *watched) {
				w.puts(20, "a solar x=2")
				w.grants(view.User("ann"), view.All())
				w.puts(30, "a solar")
			},
			want: []string{"MODIFIED 20 a@20", "ADDED 21 b@6 (partial)", "BOOKMARK 22", "MODIFIED 30 a@30"},
		},
		"with changes queued": {
			from: ann, to: everything,
			between: func(w *watched) { w.puts(20, "a solar x=2"); w.Bookmark() },
			want:    []string{"MODIFIED 20 a@20", "BOOKMARK 20", "ADDED 21 b@6 (partial)", "BOOKMARK 22"},
		},
		"with changes queued that are hidden": {
			from: everything, to: ann,
			between: func(w *watched) { w.puts(20, "b wind x=2"); w.puts(21, "e") },
			want:    []string{"DELETED 22 b@6 (partial)", "BOOKMARK 23"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t)
			tc.options.FromNow = true
			w.watch(tc.from, tc.options)
			if tc.between != nil {
				tc.between(w)
			}
			w.SetViewer(tc.to)
			w.tells(tc.want...)
		})
	}
}

// After SetViewer, the watch follows the grants of the new subjects, and not those of the old ones.
func TestWatchFollowsTheViewer(t *testing.T) {
	w := newWatched(t)
	w.follow()
	w.SetViewer(view.Viewer{Subjects: []view.Subject{view.User("bob")}})
	w.tells("DELETED 13 a@5 (partial)", "DELETED 13 c@7 (partial)", "BOOKMARK 14")
	w.grants(view.Group("devs"), view.Partition("wind"))
	w.tells()
	w.grants(view.User("bob"), view.Partition("wind"))
	w.tells("ADDED 17 b@6 (partial)", "BOOKMARK 18")
	w.SetViewer(view.Viewer{All: true, Subjects: []view.Subject{view.User("bob")}})
	w.tells("ADDED 19 a@5 (partial)", "ADDED 19 c@7 (partial)", "BOOKMARK 20")
	w.revokes(view.User("bob"), view.Partition("wind"))
	w.tells()
	w.SetViewer(view.Viewer{Subjects: []view.Subject{view.User("bob")}})
	w.tells("DELETED 23 a@5 (partial)", "DELETED 23 b@6 (partial)", "DELETED 23 c@7 (partial)", "BOOKMARK 24")
	w.Stop()
	w.SetViewer(view.Viewer{All: true})
	w.puts(30, "d solar")
	w.tells()
}

// A watcher that is too far behind is closed, and its queue is freed. It must not end as if it had
// delivered everything, or the client would resume after events that it did not get.
func TestWatchOverrun(t *testing.T) {
	w := newWatched(t)
	w.SetBounds(3, view.HistorySize)
	w.follow()
	for i := range uint64(5) {
		w.puts(20+i, "a solar")
	}
	if w.Overrun() {
		t.Error("closed too early")
	}
	if diff := cmp.Diff([]string{"MODIFIED 20 a@20"}, w.events(1)); diff != "" {
		t.Errorf("first event (-want +got):\n%s", diff)
	}
	w.puts(30, "a solar")
	w.puts(31, "a solar")
	if !w.Overrun() {
		t.Error("not closed")
	}
	w.tells()
	w.puts(32, "a solar")
	w.Bookmark()
	w.tells()

	w.watch(ann, view.WatchOptions{})
	if diff := cmp.Diff([]string{"ADDED 32 a@32 (initial)"}, w.events(1)); diff != "" {
		t.Errorf("first event (-want +got):\n%s", diff)
	}
	for i := range uint64(6) {
		w.puts(40+i, "a solar")
	}
	w.tells() // not even the end of the initial objects
}

// A grant may reveal more objects than a watcher may be behind, because watchers share the batch.
func TestWatchOneBatchMayBeLarge(t *testing.T) {
	w := newWatched(t)
	w.SetBounds(3, view.HistorySize)
	for i := range uint64(20) {
		w.puts(20+i, fmt.Sprintf("w%02d wind", i))
	}
	w.follow()
	w.grants(view.Group("devs"), view.Partition("wind"))
	for i := range uint64(3) {
		w.puts(50+i, "a solar")
	}
	if got := w.events(-1); w.Overrun() || len(got) != 21+1+3 {
		t.Errorf("overrun %v, %d events", w.Overrun(), len(got))
	}
}

// Ended watches leave nothing behind, whatever has happened to them.
func TestWatchLeavesNothing(t *testing.T) {
	w := newWatched(t)
	want := w.Footprint()
	var all []*view.Watcher
	for _, who := range []view.Viewer{ann, ann, {All: true}, {}, {Subjects: ann.Subjects[1:]}} {
		for _, options := range []view.WatchOptions{{}, {FromNow: true}, {Resume: view.Position{Revision: 12, Scope: w.Scope(who)}}} {
			watcher, err := w.Watch(who, options)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, watcher)
		}
	}
	if got := w.Stats().Watchers; got != len(all) {
		t.Errorf("%d watchers, want %d", got, len(all))
	}
	if got := w.Footprint(); got.Audiences != 3 || got.Watched != 2 || got.Watchers != len(all) || got.Listeners != 3*3+3*3+3*2 {
		t.Errorf("%+v", got)
	}
	w.grants(view.Group("devs"), view.Partition("wind"))
	w.puts(20, "d wind")
	all[0].SetViewer(view.Viewer{All: true})
	w.revokes(view.User("ann"), view.Partition("solar"))
	w.revokes(view.Group("devs"), view.Partition("wind"))
	w.grants(view.User("ann"), view.Partition("solar"))
	for _, watcher := range all {
		watcher.Stop()
		watcher.Stop()
		watcher.Bookmark()
	}
	if diff := cmp.Diff(want, w.Footprint()); diff != "" {
		t.Errorf("left (-before +after):\n%s", diff)
	}
	if n := w.Stats().Watchers; n != 0 {
		t.Errorf("%d watchers", n)
	}
}

// A criterion without holders is dropped. If it comes back, it has a new posting.
func TestWatchPostingsComeAndGo(t *testing.T) {
	w := newWatched(t)
	w.follow()
	before := w.Footprint()
	label := view.Label("x", "1")
	w.grants(view.Group("devs"), label)
	w.tells("ADDED 13 b@6 (partial)", "BOOKMARK 14")
	w.tx(0, func(tx *view.Tx) { w.revoke(tx, view.Group("devs"), label); w.grant(tx, view.Group("ops"), label) })
	w.puts(20, "b wind x=1 y=1")
	w.revokes(view.Group("ops"), label)
	if diff := cmp.Diff(before, w.Footprint()); diff != "" {
		t.Errorf("left (-before +after):\n%s", diff)
	}
	w.tells("DELETED 21 b@6 (partial)", "BOOKMARK 22")
	w.grants(view.Group("devs"), label)
	w.tells("ADDED 23 b@20 (partial)", "BOOKMARK 24")
	w.puts(30, "b wind x=2")
	w.tells("DELETED 30 b@20")
}

// Watchers that see through the same criteria get the same Change, so that it is encoded once.
func TestWatchSharesChanges(t *testing.T) {
	w := newWatched(t)
	bob := view.Viewer{Subjects: []view.Subject{view.Group("devs")}}
	w.grants(view.Group("devs"), view.Partition("solar"))
	var all []*view.Watcher
	for _, who := range []view.Viewer{ann, ann, bob, {All: true}} {
		w.watch(who, view.WatchOptions{FromNow: true})
		all = append(all, w.Watcher)
	}
	counts := func() map[string]int {
		served := make(map[string]int)
		for _, watcher := range all {
			for e, ok := watcher.Next(); ok; e, ok = watcher.Next() {
				if e.Entry != nil {
					e.Served(func(*view.Entry) any { served[eventText(e)]++; return nil })
				}
			}
		}
		return served
	}
	w.puts(20, "a solar")
	w.puts(21, "d solar")
	w.deletes(22, "c")
	w.tx(0, func(tx *view.Tx) { // bob and ann see it alike, although their audiences differ
		w.grant(tx, view.Group("devs"), view.Partition("wind"))
	})
	want := map[string]int{"MODIFIED 20 a@20": 1, "ADDED 21 d@21": 1, "DELETED 22 c@7": 1, "ADDED 23 b@6 (partial)": 1}
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("how often objects were made (-want +got):\n%s", diff)
	}
	// They are all behind, and get the last state that they knew.
	w.puts(30, "a solar x=3")
	w.puts(31, "c solar")
	w.deletes(32, "a")
	want = map[string]int{"ADDED 31 c@31 (partial)": 1, "DELETED 32 a@20": 1}
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("how often objects were made for those who are behind (-want +got):\n%s", diff)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/view"
)

// watched is a view and a watch on it. Objects and events are written as text:
// "a solar x=1" is the object a of the partition solar with the label x, and "ADDED 12 a@7"
// is the event of revision 12 that shows version 7 of a. "(initial)" and "(partial)" may
// follow.
type watched struct {
	t *testing.T
	*view.View
	set *view.Set
	*view.Watcher
	// scopes are the scopes that ann had in the view, by their first revision.
	scopes map[uint64]view.Scope
}

// ann holds the grants of her user name and her groups.
var ann = view.Viewer{Subjects: []view.Subject{view.User("ann"), view.Group("devs"), view.Group("ops")}}

// newWatched returns a view of three objects at revision 12. ann sees those of solar.
func newWatched(t *testing.T) *watched {
	set := view.NewSet("things", "others")
	w := &watched{t: t, View: set.View("things"), set: set, scopes: make(map[uint64]view.Scope)}
	w.tx(0, func(tx *view.Tx) {
		w.put(tx, 5, "a solar x=1")
		w.put(tx, 6, "b wind x=1")
		w.put(tx, 7, "c solar")
		w.grant(tx, view.User("ann"), view.Partition("solar"))
		tx.Observe(w.View, 12)
	})
	w.tx(0, (*view.Tx).GoLive)
	return w
}

func (w *watched) tx(cause uint64, change func(*view.Tx)) {
	w.set.Update(cause, change)
	if _, known := w.scopes[w.Revision()]; !known {
		w.scopes[w.Revision()] = w.Scope(ann)
	}
}

// at returns the position of ann at the revision of the view, or at the last one before it.
func (w *watched) at(revision uint64) view.Position {
	at, latest := view.Position{Revision: revision}, uint64(0)
	for from, scope := range w.scopes {
		if from <= revision && from >= latest {
			latest, at.Scope = from, scope
		}
	}
	return at
}

func (w *watched) put(tx *view.Tx, version uint64, text string) {
	tx.Put(w.View, parseObject(version, text))
}

func parseObject(version uint64, text string) view.Object {
	words := strings.Fields(text)
	o := view.Object{Attributes: view.Attributes{Name: words[0]}, Version: version, Value: text}
	labels := make(map[string]string)
	for _, word := range words[1:] {
		if key, value, ok := strings.Cut(word, "="); ok {
			labels[key] = value
		} else {
			o.Partition = word
		}
	}
	o.Labels = view.NewLabels(labels)
	return o
}

func (w *watched) grant(tx *view.Tx, s view.Subject, c view.Criterion) {
	tx.Grant(w.View, s, view.Grant{Criterion: c, Operations: view.OpList | view.OpGet})
}

func (w *watched) revoke(tx *view.Tx, s view.Subject, c view.Criterion) {
	tx.Revoke(w.View, s, view.Grant{Criterion: c, Operations: view.OpList | view.OpGet})
}

// Single changes.
func (w *watched) puts(version uint64, text string) {
	w.tx(version, func(tx *view.Tx) { w.put(tx, version, text) })
}

func (w *watched) deletes(version uint64, name string) {
	w.tx(version, func(tx *view.Tx) { tx.Delete(w.View, name) })
}

func (w *watched) grants(s view.Subject, c view.Criterion) {
	w.tx(0, func(tx *view.Tx) { w.grant(tx, s, c) })
}

func (w *watched) revokes(s view.Subject, c view.Criterion) {
	w.tx(0, func(tx *view.Tx) { w.revoke(tx, s, c) })
}

// watch starts a watch of a viewer.
func (w *watched) watch(who view.Viewer, o view.WatchOptions) {
	w.t.Helper()
	watcher, err := w.Watch(who, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Watcher = watcher
	w.t.Cleanup(watcher.Stop)
}

// follow starts a watch of ann that delivers only new events.
func (w *watched) follow() {
	w.t.Helper()
	w.watch(ann, view.WatchOptions{FromNow: true})
}

// events takes up to n events, or all if n is negative.
func (w *watched) events(n int) []string {
	var all []string
	for ; n != 0; n-- {
		e, ok := w.Next()
		if !ok {
			break
		}
		all = append(all, eventText(e))
	}
	return all
}

func eventText(e view.Event) string {
	text := map[view.EventType]string{
		view.Added: "ADDED", view.Modified: "MODIFIED", view.Deleted: "DELETED", view.Bookmark: "BOOKMARK", view.InitialEnd: "END",
	}[e.Type]
	text += fmt.Sprint(" ", e.Revision)
	if e.Entry != nil {
		text += fmt.Sprintf(" %s@%d", e.Entry.Name, e.Entry.Version)
		if e.Entry.Revision != e.Revision {
			text += fmt.Sprintf(" as of %d", e.Entry.Revision)
		}
	}
	if e.Initial {
		text += " (initial)"
	}
	if e.Partial {
		text += " (partial)"
	}
	return text
}

// tells compares all waiting events with want.
func (w *watched) tells(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.events(-1)); diff != "" {
		w.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// labelled selects objects that have the label with that value.
func labelled(key, value string) func(*view.Attributes) bool {
	return func(o *view.Attributes) bool { return o.Labels.Get(key) == value }
}

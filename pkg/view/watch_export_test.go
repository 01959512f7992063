// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Bounds that the tests cross.
const (
	MaxQueued   = maxQueued
	HistorySize = historySize
)

// SetBounds lowers, for all views of the set, how much a watcher may be behind, and how many
// changes of objects and of grants are remembered.
func (v *View) SetBounds(queued, history int) {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	v.set.maxQueued, v.set.historySize, v.set.regrantedSize = queued, history, history
}

// Footprint is what a view keeps for watches.
type Footprint struct {
	Audiences, Watchers, Listeners, Regranted int
	// Watched counts the audiences that postings refer to, and Moving the watchers that
	// a transaction has left between two audiences.
	Watched, Moving int
	// Postings and Retired count postings, and those that wait to be forgotten.
	Postings, Retired int
}

// Footprint returns what the view keeps for watches.
func (v *View) Footprint() Footprint {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	f := Footprint{
		Audiences: len(v.audiences), Regranted: len(v.regrants.recent) + len(v.regrants.older), Postings: len(v.postings), Retired: len(v.retired),
		Watched: len(v.all.audiences),
	}
	for _, a := range v.audiences {
		f.Watchers += len(a.watchers)
		for w := range a.watchers {
			if w.moving {
				f.Moving++
			}
		}
	}
	for _, watchers := range v.listeners {
		f.Listeners += len(watchers)
	}
	for _, p := range v.postings {
		f.Watched += len(p.audiences)
	}
	return f
}

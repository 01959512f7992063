// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Limits that the tests exceed.
const (
	MaxQueued   = maxQueued
	HistorySize = historySize
)

// SetBounds lowers two limits for all views of the set: how far a watcher may be behind, and how many
// changes the history keeps.
func (v *View) SetBounds(queued, history int) {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	v.set.maxQueued, v.set.historySize = queued, history
}

// Footprint is what a view keeps for watches.
type Footprint struct {
	Audiences, Watchers, Listeners int
	// Watched counts the audiences that postings refer to. Moving counts the watchers that a
	// transaction has left between two audiences.
	Watched, Moving int
	// Postings counts postings, and Terms the terms by which they are found.
	Postings, Terms int
}

// Footprint returns what the view keeps for watches.
func (v *View) Footprint() Footprint {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	f := Footprint{
		Audiences: len(v.audiences), Postings: len(v.postings.byKey), Terms: len(v.postings.byTerm), Watched: len(v.all.audiences),
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
	for _, p := range v.postings.byKey {
		f.Watched += len(p.audiences)
	}
	return f
}

// IndexSize returns the numbers of objects, partitions and label values in the index, and of ids in
// use. Anything that is left of deleted objects would stay forever.
func (v *View) IndexSize() (objects, partitions, labels, ids int) {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	for _, l := range v.index.labels {
		labels += len(l.values)
	}
	return v.index.all.len(), len(v.index.partitions), labels, len(v.index.byID) - len(v.index.free)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// Bounds that the tests cross.
const (
	MaxQueued   = maxQueued
	HistorySize = historySize
)

// SetBounds lowers, for all views of the set, how much a watcher may be behind, and how many
// changes are remembered.
func (v *View) SetBounds(queued, history int) {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	v.set.maxQueued, v.set.historySize = queued, history
}

// Footprint is what a view keeps for watches.
type Footprint struct {
	Audiences, Watchers, Listeners int
	// Watched counts the audiences that postings refer to, and Moving the watchers that
	// a transaction has left between two audiences.
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

// IndexSize returns how many objects, partitions and label values the index has, and how many
// ids are in use: what is left of objects that are gone would stay for ever.
func (v *View) IndexSize() (objects, partitions, labels, ids int) {
	v.set.writer.Lock()
	defer v.set.writer.Unlock()
	for _, l := range v.index.labels {
		labels += len(l.values)
	}
	return v.index.all.len(), len(v.index.partitions), labels, len(v.index.byID) - len(v.index.free)
}

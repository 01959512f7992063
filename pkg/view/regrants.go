// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "hash/maphash"

// regrantSlots is how many revisions are remembered: subjects that share one of them are
// believed to have been regranted together, and list again once more than they would have to.
const regrantSlots = 1 << 16

// regrants remembers when the holdings of subjects last changed, in a table that costs the same
// however many subjects there are.
type regrants struct {
	seed maphash.Seed
	// revisions are the latest of all subjects that share a slot; nil if there was none.
	revisions []uint64
}

func (r *regrants) slot(s Subject) *uint64 {
	return &r.revisions[maphash.Comparable(r.seed, s)%regrantSlots]
}

func (r *regrants) add(subjects map[Subject]struct{}, revision uint64) {
	if len(subjects) > 0 && r.revisions == nil {
		r.seed, r.revisions = maphash.MakeSeed(), make([]uint64, regrantSlots)
	}
	for s := range subjects {
		*r.slot(s) = revision
	}
}

// since tells whether what the viewer holds may have changed at a revision or after it. At
// the very revision is too late to resume: it is shared by all objects that the change has
// revealed or hidden, of which the client may have been told a part.
func (r *regrants) since(who Viewer, revision uint64) bool {
	if who.All || r.revisions == nil {
		return false
	}
	for _, s := range who.Subjects {
		if *r.slot(s) >= revision {
			return true
		}
	}
	return false
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

// regrantedSize is of how many subjects a generation remembers when their holdings changed: of
// many, because one RoleBinding can have 30,000, and whoever writes several must not make
// everybody list again.
const regrantedSize = 1 << 17

// regrants remembers when the holdings of subjects changed, for as long as it can matter to
// those who resume a watch. What is too old is forgotten by whole generations, so that this
// costs nothing that grows.
type regrants struct {
	// recent and older are the revisions at which the holdings of subjects last changed.
	recent, older map[Subject]uint64
	// latest is the revision of the last change in recent.
	latest uint64
	// latestOlder is that in older, and floor the first revision after all that is forgotten.
	latestOlder, floor uint64
}

func (r *regrants) add(subjects map[Subject]struct{}, revision uint64, size int) {
	if len(subjects) == 0 {
		return
	}
	if len(r.recent) >= size {
		if len(r.older) > 0 {
			r.floor = r.latestOlder + 1
		}
		r.older, r.latestOlder, r.recent = r.recent, r.latest, nil
	}
	if r.recent == nil {
		r.recent = make(map[Subject]uint64)
	}
	for s := range subjects {
		r.recent[s] = revision
	}
	r.latest = revision
}

// since tells whether what the viewer holds may have changed at a revision or after it. At
// the very revision is too late to resume: it is shared by all objects that the change has
// revealed or hidden, of which the client may have been told a part.
func (r *regrants) since(who Viewer, revision uint64) bool {
	if who.All {
		return false
	}
	if revision < r.floor {
		return true
	}
	for _, s := range who.Subjects {
		if r.recent[s] >= revision || r.older[s] >= revision {
			return true
		}
	}
	return false
}

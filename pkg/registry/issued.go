// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
	"unique"

	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/view"
)

const (
	// maxIssued bounds the revisions that are remembered for one user and kind; the highest are
	// kept. maxIssuedToAll bounds those of all users and kinds together. At issuedBytes for each
	// revision and userBytes for each user and kind, they take at most 40 MiB.
	maxIssued      = 512
	maxIssuedToAll = 1 << 21
	issuedBytes    = 16
	userBytes      = 512
)

// IssuedPositions remembers which revisions this server has given to which users, and with which
// scope. A watch can resume only at one of them, for two reasons: a user who could begin anywhere
// might find out when hidden objects have changed, and what comes after a revision depends on what
// the user saw at it.
//
// All kinds share it, so that the memory of all of them together is bounded. It forgets the least
// recently used users first.
type IssuedPositions struct {
	mu     sync.Mutex
	users  map[issuedKey]*list.Element // of *issued
	recent *list.List                  // most recently used first
	total  int
	// most is maxIssuedToAll, except in tests.
	most int
}

type issuedKey struct {
	resource string
	holder   accessreview.Identity
}

// NewIssuedPositions returns an IssuedPositions that remembers nothing yet.
func NewIssuedPositions() *IssuedPositions {
	return &IssuedPositions{users: make(map[issuedKey]*list.Element), recent: list.New(), most: maxIssuedToAll}
}

// of returns the revisions of a kind that a user was given.
func (p *IssuedPositions) of(resource string, u user.Info) *issued {
	key := issuedKey{resource, accessreview.HolderOf(u)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.users[key]; ok {
		p.recent.MoveToFront(known)
		return known.Value.(*issued)
	}
	given := &issued{key: key, to: p}
	p.users[key] = p.recent.PushFront(given)
	p.grow(given, userBytes/issuedBytes)
	return given
}

// grow counts n more revisions that are kept for a user. It forgets other users if the total is
// too large. Guarded by mu.
func (p *IssuedPositions) grow(given *issued, n int) {
	given.counted += n
	p.total += n
	for p.total > p.most {
		oldest := p.recent.Back()
		forgotten := oldest.Value.(*issued)
		if forgotten == given {
			return // no other is left
		}
		p.recent.Remove(oldest)
		delete(p.users, forgotten.key)
		p.total -= forgotten.counted
		forgotten.counted = 0
		forgotten.forgotten.Store(true)
	}
}

// grown is grow for a user who may have been forgotten meanwhile.
func (p *IssuedPositions) grown(given *issued, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.users[given.key]; ok && known.Value.(*issued) == given {
		p.grow(given, n)
	}
}

// issued are the revisions of a kind that one user was given, in ascending order, with their scopes.
type issued struct {
	key issuedKey
	to  *IssuedPositions
	// forgotten is set when others have taken its place: what is added from then on is lost.
	forgotten atomic.Bool
	// counted is its share of to.total. Guarded by to.mu.
	counted int

	mu        sync.Mutex
	revisions []uint64
	// scopes are those of the revisions. A scope is notResumable where no watch can resume: the user was
	// given the revision with several scopes, or only a part of its events. The server cannot know
	// which of the user's clients has seen which of them.
	scopes []unique.Handle[view.Scope]
	// floor is the highest forgotten revision.
	floor uint64
}

// notResumable is the scope of revisions at which no watch can resume.
var notResumable = unique.Make(view.Scope{})

// add notes that the user was given a position. partial means that the user was sent only a part of
// its events. add returns whether a watch can resume there, as far as is known.
func (i *issued) add(at view.Position, partial bool) bool {
	scope := notResumable
	if !partial {
		scope = unique.Make(at.Scope)
	}
	grown, ok := i.insert(at.Revision, scope)
	if grown > 0 {
		i.to.grown(i, grown)
	}
	return ok && !partial
}

// insert adds a revision. It returns by how many revisions the capacity has grown, and whether the
// revision was given with this scope only.
func (i *issued) insert(revision uint64, scope unique.Handle[view.Scope]) (grown int, alone bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at, known := i.find(revision)
	switch {
	case known && i.scopes[at] != scope:
		i.scopes[at] = notResumable
		return 0, false
	case known:
		return 0, true
	case revision <= i.floor:
		return 0, false
	}
	if len(i.revisions) == maxIssued {
		if at == 0 {
			i.floor = revision
			return 0, false
		}
		i.floor = i.revisions[0]
		copy(i.revisions, i.revisions[1:at])
		copy(i.scopes, i.scopes[1:at])
		i.revisions[at-1], i.scopes[at-1] = revision, scope
		return 0, true
	}
	before := cap(i.revisions)
	i.revisions = slices.Insert(i.revisions, at, revision)
	i.scopes = slices.Insert(i.scopes, at, scope)
	return cap(i.revisions) - before, true
}

// markNotResumable notes that the user was shown a part of a list at a position. If the user was given the
// revision with another scope, no watch can resume there any more: it is not clear what the user
// has seen.
func (i *issued) markNotResumable(at view.Position) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n, known := i.find(at.Revision); known && i.scopes[n] != unique.Make(at.Scope) {
		i.scopes[n] = notResumable
	}
}

// find returns the index at which a revision is or belongs, and whether it is there. Most callers
// ask for the latest one.
func (i *issued) find(revision uint64) (int, bool) {
	if n := len(i.revisions); n == 0 || i.revisions[n-1] < revision {
		return n, false
	}
	return slices.BinarySearch(i.revisions, revision)
}

// position returns the position of a revision, or false if a watch cannot resume there.
func (i *issued) position(revision uint64) (view.Position, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n, known := i.find(revision)
	if !known || i.scopes[n] == notResumable {
		return view.Position{}, false
	}
	return view.Position{Revision: revision, Scope: i.scopes[n].Value()}, true
}

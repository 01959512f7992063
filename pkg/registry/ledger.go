// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"sync"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/utils/lru"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/view"
)

const (
	// maxIssuedTo is how many users a ledger remembers, and maxIssued how many of the highest
	// revisions that each was given.
	maxIssuedTo = 8192
	maxIssued   = 512
)

// ledger remembers which revisions this server has given to which users. A watch can resume
// only at one of them: who could begin anywhere might find out where something has changed that
// he does not see, and the past of a revision depends on how the user saw it.
type ledger struct {
	mu    sync.Mutex
	users *lru.Cache
}

func newLedger() *ledger { return &ledger{users: lru.New(maxIssuedTo)} }

// of returns what was given to a user.
func (l *ledger) of(u user.Info) *issued {
	holder := accessreview.HolderOf(u)
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.users.Get(holder); ok {
		return known.(*issued)
	}
	given := &issued{}
	l.users.Add(holder, given)
	return given
}

// sight is how a user saw what he was given: everything, or by grants, or both.
type sight uint8

const (
	sawAll sight = 1 << iota
	sawGranted
	// unclear: by several sights, or not all that there is of the revision. Nobody can tell
	// which of the user's clients knows what.
	unclear
)

func sightOf(who view.Viewer) sight {
	var s sight
	if who.All {
		s |= sawAll
	}
	if len(who.Subjects) > 0 {
		s |= sawGranted
	}
	return s
}

// issued are the revisions that one user was given, in rising order, and by which sight.
type issued struct {
	mu        sync.Mutex
	revisions []uint64
	sights    []sight
	// floor is the highest revision that is forgotten.
	floor uint64
}

// add notes that the user was given a revision. partial tells that it was not all of it. It
// returns whether a watch can resume there, as far as the ledger knows.
func (i *issued) add(revision uint64, who view.Viewer, partial bool) bool {
	given := sightOf(who)
	if partial {
		given |= unclear
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	at, known := i.find(revision)
	switch {
	case known && i.sights[at] != given:
		i.sights[at] |= unclear
		return false
	case known:
		return !partial
	case revision <= i.floor:
		return false
	}
	if len(i.revisions) == maxIssued {
		if at == 0 {
			i.floor = revision
			return false
		}
		i.floor = i.revisions[0]
		copy(i.revisions, i.revisions[1:at])
		copy(i.sights, i.sights[1:at])
		i.revisions[at-1], i.sights[at-1] = revision, given
		return !partial
	}
	i.revisions = slices.Insert(i.revisions, at, revision)
	i.sights = slices.Insert(i.sights, at, given)
	return !partial
}

// doubt notes that the user was shown a part of the revision, if it is known: by another sight than
// the rest, nobody can tell what he knows.
func (i *issued) doubt(revision uint64, who view.Viewer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if at, known := i.find(revision); known && i.sights[at] != sightOf(who) {
		i.sights[at] |= unclear
	}
}

// find returns where a revision is, or would be. Most are the latest.
func (i *issued) find(revision uint64) (int, bool) {
	if n := len(i.revisions); n == 0 || i.revisions[n-1] < revision {
		return n, false
	}
	return slices.BinarySearch(i.revisions, revision)
}

// has tells whether the user was given the revision, and saw by the same sight as now.
func (i *issued) has(revision uint64, who view.Viewer) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	at, known := i.find(revision)
	return known && i.sights[at] == sightOf(who)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"sync"

	"k8s.io/utils/lru"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/view"
)

const (
	// maxIssuedTo is how many users a ledger remembers, and maxIssued how many of the latest
	// revisions that each was given.
	maxIssuedTo = 8192
	maxIssued   = 512
)

// ledger remembers which revisions this server has given to whom. A watch can resume only
// at one of them: another server counts differently, so that the same number may stand for
// another past.
type ledger struct{ users *lru.Cache }

func newLedger() *ledger { return &ledger{lru.New(maxIssuedTo)} }

// of returns what was given to a user.
func (l *ledger) of(user accessreview.Identity) *issued {
	if known, ok := l.users.Get(user); ok {
		return known.(*issued)
	}
	l.users.Add(user, &issued{})
	known, _ := l.users.Get(user) // that of whoever came first or last: a lost one costs a list
	return known.(*issued)
}

// issued are the latest revisions that one user was given, and by which sight.
type issued struct {
	mu        sync.Mutex
	revisions []issue
	next      int
}

type issue struct {
	revision uint64
	// all and granted tell whether the user saw everything, or by grants.
	all, granted bool
}

func issueOf(revision uint64, who view.Viewer) issue {
	return issue{revision: revision, all: who.All, granted: len(who.Subjects) > 0}
}

func (i *issued) add(revision uint64, who view.Viewer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	given := issueOf(revision, who)
	switch n := len(i.revisions); {
	case n > 0 && i.revisions[(i.next+n-1)%n] == given:
	case n < maxIssued:
		i.revisions = append(i.revisions, given)
	default:
		i.revisions[i.next] = given
		i.next = (i.next + 1) % maxIssued
	}
}

// has tells whether the user was given the revision, and saw by the same sight as now.
func (i *issued) has(revision uint64, who view.Viewer) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	wanted := issueOf(revision, who)
	for _, given := range i.revisions {
		if given == wanted {
			return true
		}
	}
	return false
}

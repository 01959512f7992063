// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "sync"

// Set is views that change together: a reader sees all of a transaction or nothing of it,
// in every view.
type Set struct {
	// writer admits one transaction at a time. It also guards all that only watches need,
	// and is held while watchers are told of a transaction.
	writer sync.Mutex
	// mu guards the content of the views. Writers hold it only while they change them.
	mu    sync.RWMutex
	views map[string]*View
	// live tells that readers have been admitted; see Tx.GoLive.
	live bool
	// maxQueued, historySize and regrantedSize are the constants of these names, but in tests.
	maxQueued, historySize, regrantedSize int
}

// NewSet makes a set with one empty view for each resource.
func NewSet(resources ...string) *Set {
	s := &Set{views: make(map[string]*View, len(resources)), maxQueued: maxQueued, historySize: historySize, regrantedSize: regrantedSize}
	for _, r := range resources {
		s.views[r] = &View{
			set:      s,
			resource: r,
			slots:    make(map[string]*slot),
			all:      newPosting(All()),
			postings: make(map[string]*posting),
			anchored: make(map[anchor]map[*posting]struct{}),
			accounts: make(map[Subject]account),

			audiences: make(map[audienceKey]*audience),
			listeners: make(map[Subject]map[*Watcher]struct{}),
		}
	}
	return s
}

// View returns the view of a resource that the set was made with; nil for any other.
func (s *Set) View(resource string) *View { return s.views[resource] }

// Update runs change as one transaction. cause is the source's resourceVersion of what
// caused it, or 0 where there is none. The transaction must not be used after change has
// returned, and change must not call the views' methods, which take the same lock.
func (s *Set) Update(cause uint64, change func(*Tx)) {
	s.writer.Lock()
	defer s.writer.Unlock()
	tx := &Tx{set: s, cause: cause, touched: make(map[*View]*touched)}
	s.mu.Lock()
	change(tx)
	tx.commit()
	s.mu.Unlock()
	tx.dispatch()
}

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
	// mu guards the content of the views. The writer holds it only while it publishes what it has
	// worked out before.
	mu    sync.RWMutex
	views map[string]*View
	// live tells that readers have been admitted; see Tx.GoLive.
	live bool
	// maxQueued and historySize are the constants of these names, but in tests.
	maxQueued, historySize int
}

// NewSet makes a set with one empty view for each resource.
func NewSet(resources ...string) *Set {
	s := &Set{views: make(map[string]*View, len(resources)), maxQueued: maxQueued, historySize: historySize}
	for _, r := range resources {
		s.views[r] = newView(s, r)
	}
	return s
}

// View returns the view of a resource that the set was made with; nil for any other.
func (s *Set) View(resource string) *View { return s.views[resource] }

// Update runs change as one transaction. cause is the source's resourceVersion of what
// caused it, or 0 where there is none. The transaction must not be used after change has
// returned. change must not change anything by the views' methods; what it reads by them is as it
// was before the transaction.
func (s *Set) Update(cause uint64, change func(*Tx)) {
	s.writer.Lock()
	defer s.writer.Unlock()
	tx := &Tx{set: s, cause: cause, touched: make(map[*View]*touched)}
	change(tx)
	tx.prepare()
	s.mu.Lock()
	tx.publish()
	s.mu.Unlock()
	tx.dispatch()
}

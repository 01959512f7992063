// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import "sync"

// Set is a group of views that change together: readers see either all of a transaction or none of
// it, in every view.
type Set struct {
	// writer admits one transaction at a time. It also guards everything that only watches need,
	// and is held while a transaction is dispatched to watchers.
	writer sync.Mutex
	// mu guards the content of the views. The writer holds it only while it publishes changes that
	// it has computed before.
	mu    sync.RWMutex
	views map[string]*View
	// live is true once readers have been admitted; see Tx.GoLive.
	live bool
	// maxQueued and historySize are the constants of these names, except in tests.
	maxQueued, historySize int
}

// NewSet returns a set with one empty view for each resource.
func NewSet(resources ...string) *Set {
	s := &Set{views: make(map[string]*View, len(resources)), maxQueued: maxQueued, historySize: historySize}
	for _, r := range resources {
		s.views[r] = newView(s, r)
	}
	return s
}

// View returns the view of a resource, or nil if the set was created without that resource.
func (s *Set) View(resource string) *View { return s.views[resource] }

// Update runs change as one transaction. cause is the source's resourceVersion of the cause, or 0 if
// there is none. The transaction must not be used after change has returned. change must not modify
// the views through their methods. If it reads through them, it sees the state before the
// transaction.
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

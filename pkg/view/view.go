// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// View holds the objects of one resource, and decides which of them each viewer may see. Transactions
// of its Set change it. Any number of readers may read it concurrently.
type View struct {
	set      *Set
	resource string

	// Readers see the following fields. set.mu guards them. Only the writer changes them, and it may
	// read them without set.mu.

	slots map[string]*slot
	// byID are the slots by their ids.
	byID []*slot
	// all contains every slot.
	all      *posting
	holdings map[Subject]*holdings
	// revision is a Lamport clock over the resourceVersions of the source and of everything else
	// that changes what users see.
	revision uint64
	// sourceVersion is the source's resourceVersion that the view has reached.
	sourceVersion uint64
	// advanced is closed when sourceVersion rises. It is nil while no caller waits for that.
	advanced chan struct{}

	// Only the writer uses the following fields. set.writer guards them.

	// next is the revision that the running transaction has reached.
	next     uint64
	index    *index
	postings postings
	// touched is what the running transaction has done, or nil.
	touched *touched
	// visits counts passes over postings that visit each one once: see posting.visited.
	visits uint64

	// For watches:

	history   history
	audiences map[Scope]*audience
	// listeners maps each subject to the watchers whose viewers have it.
	listeners map[Subject]map[*Watcher]struct{}
}

func newView(set *Set, resource string) *View {
	v := &View{
		set: set, resource: resource, slots: make(map[string]*slot), all: newPosting(All()), holdings: make(map[Subject]*holdings),
		postings: newPostings(), audiences: make(map[Scope]*audience), listeners: make(map[Subject]map[*Watcher]struct{}),
	}
	v.index = newIndex(v.find)
	return v
}

// Position is a point at which a watch can resume. It describes a client that has received
// everything up to a revision, as a scope sees it.
type Position struct {
	Revision uint64
	Scope    Scope
}

// List returns the entries that the viewer may list, in the order of their names, and the position
// at which a watch can continue. The caller owns the slice.
func (v *View) List(who Viewer) ([]*Entry, Position) {
	v.set.mu.RLock()
	scope, postings := v.held(who)
	at := Position{v.revision, scope}
	members, ordered := union(postings, v.byID)
	var one *posting
	var generation uint64
	if len(postings) == 1 && !ordered {
		one, generation = postings[0], postings[0].generation
	}
	v.set.mu.RUnlock()
	// Transactions need not wait for this.
	entries := entriesByName(members, ordered)
	if one != nil {
		v.set.mu.RLock()
		defer v.set.mu.RUnlock()
		one.remember(members, generation)
	}
	return entries, at
}

// Names returns the names of all objects, in any order. Only a transaction may call it. It sees the state before the
// transaction.
func (v *View) Names() iter.Seq[string] { return maps.Keys(v.slots) }

// ShowsAny returns whether the viewer may list any object.
func (v *View) ShowsAny(who Viewer) bool {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	_, postings := v.held(who)
	return slices.ContainsFunc(postings, func(p *posting) bool { return p.members.len() > 0 })
}

// Scope returns the viewer's current scope.
func (v *View) Scope(who Viewer) Scope {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	scope, _ := v.held(who)
	return scope
}

// Get returns the entry of that name if one of the viewer's grants allows all of the operations on
// it. An invisible object costs the same work as one that does not exist.
func (v *View) Get(who Viewer, name string, operations Operations) (*Entry, bool) {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	s := v.slots[name] // no posting contains nil
	if !v.sees(who, s, operations) {
		return nil, false
	}
	return s.entry, true
}

// StillVisible returns those of the entries whose objects still exist and which the viewer may list
// now. The entries are the old ones. It does not change the given slice.
func (v *View) StillVisible(who Viewer, entries []*Entry) []*Entry {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	visible := make([]*Entry, 0, len(entries))
	for _, e := range entries {
		if v.sees(who, v.slots[e.Name], OpList) {
			visible = append(visible, e)
		}
	}
	return visible
}

func (v *View) sees(who Viewer, s *slot, operations Operations) bool {
	id := idOf(s)
	if who.All && (OpGet | OpList).Has(operations) && v.all.members.contains(id) {
		return true
	}
	for _, subject := range who.Subjects {
		for h := range v.holdings[subject].all() {
			if h.operations.Has(operations) && h.posting.members.contains(id) {
				return true
			}
		}
	}
	return false
}

// held returns the postings whose members the viewer may list, without duplicates, and their scope.
func (v *View) held(who Viewer) (Scope, []*posting) {
	if who.All {
		return scopeOf([]*posting{v.all})
	}
	var found []*posting
	for _, subject := range who.Subjects {
		for h := range v.holdings[subject].all() {
			if h.operations.Has(OpList) {
				found = append(found, h.posting)
			}
		}
	}
	return scopeOf(found)
}

// find returns the slot of a name, including changes of the running transaction.
func (v *View) find(name string) *slot {
	if v.touched != nil {
		if s, ok := v.touched.names[name]; ok {
			return s
		}
	}
	return v.slots[name]
}

// holding returns a subject's holding of a key, including changes of the running transaction. It has
// no grants if the transaction has revoked it.
func (v *View) holding(subject Subject, key holdingKey) *holding {
	if v.touched != nil {
		if h, ok := v.touched.holdings[holdingID{subject, key}]; ok {
			return h
		}
	}
	return v.holdings[subject].get(key)
}

// setSourceVersion records that the source has reached a version.
func (v *View) setSourceVersion(version uint64) {
	if version <= v.sourceVersion {
		return
	}
	v.sourceVersion = version
	if v.advanced != nil {
		close(v.advanced)
		v.advanced = nil
	}
}

// Revision returns the revision of the latest change that readers see.
func (v *View) Revision() uint64 {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	return v.revision
}

// Advance raises the revision although nothing has changed.
func (v *View) Advance() { v.set.Update(0, func(tx *Tx) { tx.advance(v, 0) }) }

// Version returns the resourceVersion of the source that readers see.
func (v *View) Version() uint64 {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	return v.sourceVersion
}

// WaitForVersion returns when readers see everything that the source had at that resourceVersion. If
// the context ends first, it returns the context's error. The view's revision is not sufficient for
// that, because it also rises with the events of other sources.
func (v *View) WaitForVersion(ctx context.Context, version uint64) error {
	for {
		v.set.mu.RLock()
		advanced, ok := v.advanced, v.sourceVersion >= version
		v.set.mu.RUnlock()
		if ok {
			return nil
		}
		if advanced == nil {
			v.await()
			continue // the view may have reached it meanwhile
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", v.resource, ctx.Err())
		}
	}
}

// await creates the channel that the next advance closes.
func (v *View) await() {
	v.set.mu.Lock()
	defer v.set.mu.Unlock()
	if v.advanced == nil {
		v.advanced = make(chan struct{})
	}
}

// Stats are the sizes of a view.
type Stats struct {
	// Objects, Criteria and Subjects count the published objects, the criteria that subjects hold,
	// and the subjects that hold a grant.
	Objects, Criteria, Subjects int
	// Watchers counts the running watches.
	Watchers int
	// Revision is the view's revision.
	Revision uint64
}

// Stats returns the sizes of the view.
func (v *View) Stats() Stats {
	v.set.writer.Lock()
	watchers := 0
	for _, a := range v.audiences {
		watchers += len(a.watchers)
	}
	criteria := len(v.postings.byKey)
	if v.all.holdings > 0 {
		criteria++
	}
	v.set.writer.Unlock()
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	return Stats{
		Objects: len(v.slots), Criteria: criteria, Subjects: len(v.holdings), Watchers: watchers, Revision: v.revision,
	}
}

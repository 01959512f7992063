// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"context"
	"fmt"
)

// View is the objects of one resource, and who may see which of them. It is changed
// through transactions of its Set and read by any number of readers at once.
type View struct {
	set      *Set
	resource string

	// What follows is what readers see. It is guarded by set.mu, and changed by the writer alone,
	// who may read it without.

	slots map[string]*slot
	// byID are the slots by their ids.
	byID []*slot
	// all contains every slot.
	all      *posting
	holdings map[Subject]holdings
	// revision is a Lamport clock over resourceVersions: of the source, and of all else that
	// changes who sees what.
	revision uint64
	// observed is the source's resourceVersion that the view has reached.
	observed uint64
	// advanced is closed when that rises; nil while nobody waits for it.
	advanced chan struct{}

	// What follows is the writer's own. It is guarded by set.writer.

	// next is the revision that the transaction which runs has reached.
	next     uint64
	index    *index
	postings postings
	// touched is what the transaction which runs has done; nil if nothing.
	touched *touched
	// visits counts passes over postings that look at each once: see posting.visited.
	visits uint64

	// For watches:

	history   history
	audiences map[Scope]*audience
	// listeners are the watchers whose viewers have a subject.
	listeners map[Subject]map[*Watcher]struct{}
}

func newView(set *Set, resource string) *View {
	v := &View{
		set: set, resource: resource, slots: make(map[string]*slot), all: newPosting(All()), holdings: make(map[Subject]holdings),
		postings: newPostings(), audiences: make(map[Scope]*audience), listeners: make(map[Subject]map[*Watcher]struct{}),
	}
	v.index = newIndex(v.find)
	return v
}

// Position is where a watch can resume: what a client knows who has been told everything up to
// a revision, as it is seen by a scope.
type Position struct {
	Revision uint64
	Scope    Scope
}

// List returns the entries that the viewer may list, in the order of their names, and the
// position of one who knows them. The slice is the caller's.
func (v *View) List(who Viewer) ([]*Entry, Position) {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	scope, postings := v.held(who)
	at := Position{v.revision, scope}
	slots := union(postings, v.byID)
	if len(slots) == 0 {
		return nil, at
	}
	entries := make([]*Entry, len(slots))
	for i, s := range slots {
		entries[i] = s.entry
	}
	return entries, at
}

// Scope returns what the viewer may list by now.
func (v *View) Scope(who Viewer) Scope {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	scope, _ := v.held(who)
	return scope
}

// Get returns the entry of that name if the viewer holds all of the operations on it by
// one grant. An object that he does not see costs the same work as one that does not exist.
func (v *View) Get(who Viewer, name string, operations Operations) (*Entry, bool) {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	s := v.slots[name] // nil is in no posting
	if !v.sees(who, s, operations) {
		return nil, false
	}
	return s.entry, true
}

// StillVisible returns those of the entries whose objects exist and may be listed by the
// viewer now, as they were. The slice that is given is not changed.
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
		for _, h := range v.holdings[subject] {
			if h.operations.Has(operations) && h.posting.members.contains(id) {
				return true
			}
		}
	}
	return false
}

// held returns the postings whose members the viewer may list, each once, and their scope.
func (v *View) held(who Viewer) (Scope, []*posting) {
	if who.All {
		return scopeOf([]*posting{v.all})
	}
	var found []*posting
	for _, subject := range who.Subjects {
		for _, h := range v.holdings[subject] {
			if h.operations.Has(OpList) {
				found = append(found, h.posting)
			}
		}
	}
	return scopeOf(found)
}

// find returns the slot of a name as the transaction that runs has left it.
func (v *View) find(name string) *slot {
	if v.touched != nil {
		if s, ok := v.touched.names[name]; ok {
			return s
		}
	}
	return v.slots[name]
}

// holding returns what a subject holds of a key as the transaction that runs has left it: with
// no grants, if that has taken it away.
func (v *View) holding(subject Subject, key holdingKey) *holding {
	if v.touched != nil {
		if h, ok := v.touched.holdings[holdingID{subject, key}]; ok {
			return h
		}
	}
	return v.holdings[subject][key]
}

// observe notes that the source has reached a version.
func (v *View) observe(version uint64) {
	if version <= v.observed {
		return
	}
	v.observed = version
	if v.advanced != nil {
		close(v.advanced)
		v.advanced = nil
	}
}

// Revision is the revision of the latest change that readers see.
func (v *View) Revision() uint64 {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	return v.revision
}

// Advance raises the revision, though nothing has changed.
func (v *View) Advance() { v.set.Update(0, func(tx *Tx) { tx.advance(v, 0) }) }

// Version is the resourceVersion of the source whose content readers see.
func (v *View) Version() uint64 {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	return v.observed
}

// WaitForVersion returns when readers see all that the source had at that resourceVersion, or
// with the context's error if that ends first. The view's revision says less: it also rises
// with what other sources deliver.
func (v *View) WaitForVersion(ctx context.Context, version uint64) error {
	for {
		v.set.mu.RLock()
		advanced, ok := v.advanced, v.observed >= version
		v.set.mu.RUnlock()
		if ok {
			return nil
		}
		if advanced == nil {
			v.await()
			continue // it may have been reached meanwhile
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", v.resource, ctx.Err())
		}
	}
}

// await makes the channel that the next advance closes.
func (v *View) await() {
	v.set.mu.Lock()
	defer v.set.mu.Unlock()
	if v.advanced == nil {
		v.advanced = make(chan struct{})
	}
}

// Stats are the sizes of a view.
type Stats struct {
	// Objects, Criteria and Subjects count the published objects, the criteria that some
	// subject holds, and the subjects that hold a grant.
	Objects, Criteria, Subjects int
	// Watchers counts the watches that have begun and not ended.
	Watchers int
	// Revision is the view's.
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

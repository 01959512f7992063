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

	// All below is guarded by set.mu.

	slots map[string]*slot
	// all contains every slot.
	all *posting
	// postings are all others, by the key of their criterion: one for each partition that
	// has objects, and one for each criterion that some subject holds.
	postings map[string]*posting
	// anchored are the postings whose criterion is more than its anchor, by that anchor.
	anchored map[anchor]map[*posting]struct{}
	accounts map[Subject]account
	// retired are postings that nobody may use any more. They are kept to the end of the
	// transaction, for the watchers that still have to be told what they have lost.
	retired []*posting
	// heldCriteria counts the criteria that some subject holds.
	heldCriteria int

	// history, regrants, audiences and listeners are for watches. They are guarded by
	// set.writer alone.
	history   history
	regrants  regrants
	audiences map[audienceKey]*audience
	// listeners are the watchers whose viewers have a subject.
	listeners map[Subject]map[*Watcher]struct{}

	// revision is a Lamport clock over resourceVersions: of the source, and of all else that
	// changes who sees what.
	revision uint64
	// observed is the source's resourceVersion that the view has reached.
	observed uint64
	// advanced is closed when that rises; nil while nobody waits for it.
	advanced chan struct{}
}

// List returns the entries that the viewer may list, in the order of their names, and the
// revision of the view that they were read at. The slice is the caller's.
func (v *View) List(who Viewer) ([]*Entry, uint64) {
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	slots := union(v.listable(who))
	if len(slots) == 0 {
		return nil, v.revision
	}
	entries := make([]*Entry, len(slots))
	for i, s := range slots {
		entries[i] = s.entry
	}
	return entries, v.revision
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
	if who.All && (OpGet | OpList).Has(operations) {
		if _, ok := v.all.members[s]; ok {
			return true
		}
	}
	for _, subject := range who.Subjects {
		for _, h := range v.accounts[subject] {
			if _, ok := h.posting.members[s]; ok && h.operations.Has(operations) {
				return true
			}
		}
	}
	return false
}

// listable returns the postings whose members the viewer may list, each once.
func (v *View) listable(who Viewer) []*posting {
	if who.All {
		return []*posting{v.all}
	}
	var found []*posting
	for _, subject := range who.Subjects {
		for _, h := range v.accounts[subject] {
			if h.operations.Has(OpList) && len(h.posting.members) > 0 {
				found = append(found, h.posting)
			}
		}
	}
	return found
}

// held returns the postings whose members the viewer may list, empty ones too, each once.
func (v *View) held(who Viewer) []*posting {
	if who.All {
		return []*posting{v.all}
	}
	var found []*posting
	once := make(map[*posting]struct{})
	for _, subject := range who.Subjects {
		for _, h := range v.accounts[subject] {
			if _, ok := once[h.posting]; !ok && h.operations.Has(OpList) {
				once[h.posting] = struct{}{}
				found = append(found, h.posting)
			}
		}
	}
	return found
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
	v.set.writer.Unlock()
	v.set.mu.RLock()
	defer v.set.mu.RUnlock()
	return Stats{
		Objects: len(v.slots), Criteria: v.heldCriteria, Subjects: len(v.accounts), Watchers: watchers, Revision: v.revision,
	}
}

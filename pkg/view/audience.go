// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// audience is the watchers that see the same postings. What a change is to one of them, it
// is to all: it is worked out once. An audience is never changed but for its watchers;
// watchers whose grants change move to another one.
type audience struct {
	key      audienceKey
	postings map[*posting]struct{}
	watchers map[*Watcher]struct{}
}

type audienceKey [sha256.Size]byte

// audienceOf returns the audience of what a viewer holds now, made if it does not exist.
func (v *View) audienceOf(who Viewer) *audience {
	postings := v.held(who)
	key := keyOf(postings)
	if a := v.audiences[key]; a != nil {
		return a
	}
	a := &audience{key: key, postings: make(map[*posting]struct{}, len(postings)), watchers: make(map[*Watcher]struct{})}
	v.audiences[key] = a
	for _, p := range postings {
		a.postings[p] = struct{}{}
		if p.audiences == nil {
			p.audiences = make(map[*audience]struct{})
		}
		p.audiences[a] = struct{}{}
	}
	return a
}

func keyOf(postings []*posting) audienceKey {
	ids := make([]uint64, len(postings))
	for i, p := range postings {
		ids[i] = p.id
	}
	slices.Sort(ids)
	buffer := make([]byte, 0, 8*len(ids))
	for _, id := range slices.Compact(ids) {
		buffer = binary.BigEndian.AppendUint64(buffer, id)
	}
	return sha256.Sum256(buffer)
}

// dropAudience forgets an audience that nobody belongs to.
func (v *View) dropAudience(a *audience) {
	if len(a.watchers) > 0 || v.audiences[a.key] != a {
		return
	}
	delete(v.audiences, a.key)
	for p := range a.postings {
		delete(p.audiences, a)
	}
}

// sees tells whether the audience sees a slot that is in these postings.
func (a *audience) sees(postings []*posting) bool {
	return slices.ContainsFunc(postings, func(p *posting) bool {
		_, ok := a.postings[p]
		return ok
	})
}

// missed returns what the audience would have been told of changes, up to a number more than
// limit. It needs no lock: neither an audience's postings are ever changed, nor those that a
// change remembers. Changes of an object by which it does not move share these, so that they
// are looked at once, however many criteria somebody has made for it.
func (a *audience) missed(changes []*change, limit int) []*Change {
	type kept struct {
		first **posting
		n     int
	}
	looked := make(map[kept]bool)
	sees := func(postings []*posting) bool {
		if len(postings) == 0 {
			return false
		}
		k := kept{&postings[0], len(postings)}
		saw, ok := looked[k]
		if !ok {
			saw = a.sees(postings)
			looked[k] = saw
		}
		return saw
	}
	var missed []*Change
	for _, c := range changes {
		if seen := c.as(sees(c.was), sees(c.is)); seen != nil {
			if missed = append(missed, seen); len(missed) > limit {
				break
			}
		}
	}
	return missed
}

// enter makes a watcher a member of the audience of what it may see, and has it follow the
// grants of its subjects.
func (v *View) enter(w *Watcher) {
	w.audience = v.audienceOf(w.viewer)
	w.audience.watchers[w] = struct{}{}
	if w.viewer.All {
		return // no grant can add to everything
	}
	for _, s := range w.viewer.Subjects {
		if v.listeners[s] == nil {
			v.listeners[s] = make(map[*Watcher]struct{})
		}
		v.listeners[s][w] = struct{}{}
	}
}

func (v *View) leave(w *Watcher) {
	if w.audience == nil {
		return
	}
	delete(w.audience.watchers, w)
	v.dropAudience(w.audience)
	w.audience = nil
	for _, s := range w.viewer.Subjects {
		delete(v.listeners[s], w)
		if len(v.listeners[s]) == 0 {
			delete(v.listeners, s)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// Scope is which criteria a viewer may list by, as a value to compare: two viewers of one scope
// see the same, whatever their names. The zero Scope is nobody's.
type Scope struct{ digest digest }

// scopeOf returns the scope of postings, and these in a canonical order, each once. It takes the
// slice.
func scopeOf(postings []*posting) (Scope, []*posting) {
	if len(postings) > 1 {
		slices.SortFunc(postings, func(p, q *posting) int { return bytes.Compare(p.digest[:], q.digest[:]) })
		postings = slices.Compact(postings)
	}
	hash := sha256.New()
	for _, p := range postings {
		hash.Write(p.digest[:])
	}
	var s Scope
	hash.Sum(s.digest[:0])
	return s, postings
}

// audience is the watchers of one scope. What a change is to one of them, it is to all: it is
// worked out once. An audience is never changed but for its watchers; watchers whose scope
// changes move to another one.
type audience struct {
	scope    Scope
	postings map[*posting]struct{}
	watchers map[*Watcher]struct{}
	// saw and sees are scratch: what the change that is being told is to the audience.
	saw, sees bool
}

// audienceOf returns the audience of what a viewer holds now, made if it does not exist.
func (v *View) audienceOf(who Viewer) *audience {
	scope, postings := v.held(who)
	if a := v.audiences[scope]; a != nil {
		return a
	}
	a := &audience{scope: scope, postings: make(map[*posting]struct{}, len(postings)), watchers: make(map[*Watcher]struct{})}
	v.audiences[scope] = a
	for _, p := range postings {
		a.postings[p] = struct{}{}
		if p.audiences == nil {
			p.audiences = make(map[*audience]struct{})
		}
		p.audiences[a] = struct{}{}
	}
	return a
}

// dropAudience forgets an audience that nobody belongs to.
func (v *View) dropAudience(a *audience) {
	if len(a.watchers) > 0 || v.audiences[a.scope] != a {
		return
	}
	delete(v.audiences, a.scope)
	for p := range a.postings {
		delete(p.audiences, a)
	}
}

// hasOneOf tells whether the audience sees what is in one of the postings.
func (a *audience) hasOneOf(postings []*posting) bool {
	return slices.ContainsFunc(postings, func(p *posting) bool {
		_, ok := a.postings[p]
		return ok
	})
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

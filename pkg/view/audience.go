// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// Scope identifies the set of criteria that a viewer may list by. It is comparable: two viewers
// with equal Scopes see the same, whatever their names. No viewer has the zero Scope.
type Scope struct{ digest digest }

// scopeOf returns the scope of postings, and the postings in a canonical order without duplicates.
// It takes ownership of the slice.
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

// audience is the watchers of one scope. A change has the same effect on all of them, so that
// effect is computed once. Only the watchers of an audience change. Watchers whose scope changes
// move to another audience.
type audience struct {
	scope    Scope
	postings map[*posting]struct{}
	watchers map[*Watcher]struct{}
	// saw and sees are scratch: whether the audience saw and sees the object of the change that is
	// being dispatched.
	saw, sees bool
}

// audienceOf returns the audience for what a viewer holds now. It creates the audience if it does
// not exist.
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

// dropAudience removes an audience without watchers.
func (v *View) dropAudience(a *audience) {
	if len(a.watchers) > 0 || v.audiences[a.scope] != a {
		return
	}
	delete(v.audiences, a.scope)
	for p := range a.postings {
		delete(p.audiences, a)
	}
}

// hasOneOf reports whether the audience sees the members of one of the postings.
func (a *audience) hasOneOf(postings []*posting) bool {
	return slices.ContainsFunc(postings, func(p *posting) bool {
		_, ok := a.postings[p]
		return ok
	})
}

// enter adds a watcher to the audience for what it may see, and makes it follow the grants of its
// subjects.
func (v *View) enter(w *Watcher) {
	w.audience = v.audienceOf(w.viewer)
	w.audience.watchers[w] = struct{}{}
	if w.viewer.All {
		return // no grant can add anything
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

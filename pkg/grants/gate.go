// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"maps"
	"slices"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// kubeSystemServiceAccounts is the group whose members Capsule never counts as its users.
const kubeSystemServiceAccounts = "system:serviceaccounts:kube-system"

// Gate decides which users are users of Capsule, according to Capsule's configuration. The zero
// Gate admits nobody. A Gate is immutable.
type Gate struct {
	admitted map[view.Subject]struct{}
	ignored  map[view.Subject]struct{}
}

// NewGate returns the Gate of Capsule's configuration. The Gate of nil admits nobody.
func NewGate(c *capsule.Configuration) (*Gate, []Problem) {
	g := &Gate{admitted: make(map[view.Subject]struct{}), ignored: make(map[view.Subject]struct{})}
	if c == nil {
		return g, nil
	}
	var found problems
	for _, named := range slices.Concat(c.Spec.Users, c.Status.Users) {
		if subject, ok := subjectOf(named, &found); ok {
			g.admitted[subject] = struct{}{}
		}
	}
	for _, name := range c.Spec.UserNames {
		g.admitted[view.User(name)] = struct{}{}
	}
	for _, name := range c.Spec.UserGroups {
		g.admitted[view.Group(name)] = struct{}{}
	}
	for _, name := range append([]string{kubeSystemServiceAccounts}, c.Spec.IgnoreUserWithGroups...) {
		g.ignored[view.Group(name)] = struct{}{}
	}
	return g, found.list
}

// Equal reports whether both Gates admit the same users.
func (g *Gate) Equal(h *Gate) bool {
	return maps.Equal(g.admitted, h.admitted) && maps.Equal(g.ignored, h.ignored)
}

// Admits reports whether the user with these subjects is a user of Capsule.
func (g *Gate) Admits(subjects []view.Subject) bool {
	admitted := false
	for _, s := range subjects {
		if _, ok := g.ignored[s]; ok {
			return false
		}
		if _, ok := g.admitted[s]; ok {
			admitted = true
		}
	}
	return admitted
}

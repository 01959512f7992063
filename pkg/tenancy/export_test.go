// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"strings"
	"time"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
)

// SetClock sets the clock by which the time of changes is measured.
func (c *Cluster) SetClock(now func() time.Time) { c.now = now }

// Footprint returns the number of items that a Cluster remembers, by their kind.
func (c *Cluster) Footprint() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]int{
		"tenants": len(c.tenants), "namespaces": len(c.namespaces), "volumes": len(c.volumes), "settings": len(c.settings),
		"bindings": len(c.bindings), "roles": len(c.roles), "held": len(c.held), "problems": len(c.problems.byOrigin),
		"referrers": entries(c.referrers), "claimed": entries(c.claimed), "labelled": entries(c.labelled),
		"settingsIn": entries(c.settingsIn), "settingsOf": entries(c.settingsOf), "boundTo": entries(c.boundTo),
		"everybodyIn": entries(c.everybodyIn), "globals": len(c.globals), "applied": len(c.applied), "granted": entries(c.granted),
	}
}

// Given returns a pointer to the grants of each origin. The pointer stays the same until the
// origin gives grants again.
func (c *Cluster) Given() map[string]*grants.Held {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := make(map[string]*grants.Held, len(c.held))
	for from, held := range c.held {
		given[from.source+" "+strings.TrimPrefix(from.namespace+"/"+from.name, "/")] = &held[0]
	}
	return given
}

// VisitTenants calls do for each Tenant as a question about reasons does. do must not call the Cluster.
func (c *Cluster) VisitTenants(do func(name string)) {
	inSteps(c, c.tenants, func(name string, _ *capsule.Tenant) { do(name) })
}

// entries counts keys and values.
func entries[K, V comparable](x index[K, V]) int {
	n := len(x)
	for _, values := range x {
		n += values.Len()
	}
	return n
}

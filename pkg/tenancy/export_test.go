// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

// Footprint counts what a Cluster remembers, by what it is.
func (c *Cluster) Footprint() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]int{
		"tenants": len(c.tenants), "namespaces": len(c.namespaces), "volumes": len(c.volumes), "settings": len(c.settings),
		"bindings": len(c.bindings), "roles": len(c.roles), "held": len(c.held), "problems": len(c.problems.byOrigin),
		"referrers": entries(c.referrers), "claimed": entries(c.claimed), "labelled": entries(c.labelled),
		"settingsIn": entries(c.settingsIn), "boundTo": entries(c.boundTo),
	}
}

// entries counts keys and values.
func entries[K, V comparable](x index[K, V]) int {
	n := len(x)
	for _, values := range x {
		n += len(values)
	}
	return n
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"maps"
	"slices"
	"time"

	"capsule.dev/tenantview/pkg/view"
)

// maxWait is the longest time that a change of ProxySettings is put off.
const maxWait = 30 * time.Second

// pace spreads the work for ProxySettings over time. Users of a Tenant write them, and each change
// can concern thousands of objects and watches, while the events of all others wait. So after the
// settings of a Tenant have taken some time, their next change waits for a multiple of it. Changes
// that come meanwhile are applied together. Only Update and Delete are taken away at once (revokeWrites).
type pace struct {
	// ofTenant is that multiple for one Tenant, and ofAll the one for the settings of all Tenants
	// together. 0 puts nothing off.
	ofTenant, ofAll int
	// due is when the settings of a Tenant may be worked out again, and dueForAll when any may.
	due       map[string]time.Time
	dueForAll time.Time
	// timer applies what was put off.
	timer *time.Timer
}

// LimitSettings limits the ProxySettings of one Tenant to the part 1/ofTenant of the time in which
// changes are applied, and those of all Tenants to the part 1/ofAll. It must be called before the
// first change. Without it there is no limit.
func (c *Cluster) LimitSettings(ofTenant, ofAll int) {
	c.pace = pace{ofTenant: ofTenant, ofAll: ofAll, due: make(map[string]time.Time)}
}

// wait returns how long the settings of a Tenant still have to wait.
func (p *pace) wait(tenant string, now time.Time) time.Duration {
	return max(p.due[tenant].Sub(now), p.dueForAll.Sub(now), 0)
}

// took notes that the settings of Tenants took that time together.
func (p *pace) took(tenants []string, spent time.Duration, now time.Time) {
	for _, tenant := range tenants {
		delete(p.due, tenant)
	}
	if p.ofTenant == 0 || len(tenants) == 0 {
		return
	}
	p.dueForAll = now.Add(min(spent*time.Duration(p.ofAll-1), maxWait))
	// Below a millisecond, nobody could make use of it.
	if wait := min(spent*time.Duration(p.ofTenant-1)/time.Duration(len(tenants)), maxWait); wait >= time.Millisecond {
		for _, tenant := range tenants {
			p.due[tenant] = now.Add(wait)
		}
	}
}

// pendingTenants are Tenants whose ProxySettings have to be worked out again, and whether that must
// not be put off: an administrator has changed what they may grant.
type pendingTenants map[string]bool

func (s pendingTenants) add(tenant string, urgent bool) {
	if tenant != "" {
		s[tenant] = s[tenant] || urgent
	}
}

// refreshPendingSettings works out the grants of the ProxySettings of pending Tenants, and returns
// those Tenants for which it need not have been now. It runs once at the end of each transaction:
// one budget limits all settings of a Tenant, and a Tenant that appears affects all of them.
func (c *Cluster) refreshPendingSettings(tx *view.Tx) (paced []string) {
	now := c.now()
	for _, tenant := range slices.Sorted(maps.Keys(c.pendingSettings)) {
		urgent := c.pendingSettings[tenant]
		if !urgent {
			if c.pace.wait(tenant, now) > 0 {
				continue
			}
			paced = append(paced, tenant)
		}
		delete(c.pendingSettings, tenant)
		c.refreshSettingsOf(tx, tenant)
	}
	return paced
}

// resumeSettings has what was put off applied when its time has come. It is called with mu held.
func (c *Cluster) resumeSettings() {
	if len(c.pendingSettings) == 0 {
		return
	}
	now, soonest := c.now(), maxWait
	for tenant := range c.pendingSettings {
		soonest = min(soonest, c.pace.wait(tenant, now))
	}
	if c.pace.timer == nil {
		c.pace.timer = time.AfterFunc(soonest, func() { c.update(0, func(*view.Tx) {}) })
		return
	}
	c.pace.timer.Reset(soonest)
}

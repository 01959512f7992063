// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"fmt"

	"capsule.dev/tenantview/pkg/grants"
)

// Sources of misses that are no sources of grants.
const (
	namespaceFact = "Namespace"
	volumeFact    = "PersistentVolume"
)

// factsOfNamespace returns why a namespace does not belong to a Tenant that it names.
func (c *Cluster) factsOfNamespace(name string) []grants.Miss {
	ns := c.namespaces[name]
	if ns == nil {
		return nil
	}
	fact := func(format string, args ...any) []grants.Miss {
		return []grants.Miss{{Origin: grants.Origin{Source: namespaceFact, Name: name}, Reason: fmt.Sprintf(format, args...)}}
	}
	t := c.tenants[ns.ref.Name]
	switch {
	case ns.claims && !ns.hasRef:
		return fact("its owner references name more than one Tenant, or one without a name or uid, so it belongs to none")
	case ns.hasRef && t == nil:
		return fact("its owner reference names the Tenant %s, which does not exist", ns.ref.Name)
	case ns.hasRef && t.UID != ns.ref.UID:
		return fact("its owner reference names the Tenant %s with the uid %s, but the Tenant has the uid %s: it was created again", ns.ref.Name, ns.ref.UID, t.UID)
	case ns.label != "" && ns.label != ns.tenant:
		return fact("its label names the Tenant %s, but labels do not count: its owner references decide", ns.label)
	default:
		return nil
	}
}

// factsOfVolume returns why a volume does not belong to a Tenant that its label names.
func (c *Cluster) factsOfVolume(name string) []grants.Miss {
	pv, ok := c.volumes[name]
	if !ok {
		return nil
	}
	var facts []grants.Miss
	if tenant := c.tenantOfVolume(pv); pv.label != "" && pv.label != tenant {
		reason := fmt.Sprintf("its label names the Tenant %s, but it is bound to a claim in the namespace %s, which decides", pv.label, pv.claimNamespace)
		if c.tenants[pv.label] == nil {
			reason = fmt.Sprintf("its label names the Tenant %s, which does not exist", pv.label)
		}
		facts = append(facts, grants.Miss{Origin: grants.Origin{Source: volumeFact, Name: name}, Reason: reason})
	}
	return append(facts, c.factsOfNamespace(pv.claimNamespace)...)
}

// noteOldReferences notes the namespaces whose owner references name a Tenant that grants the user
// something, but with the uid of an earlier Tenant of that name.
func (c *Cluster) noteOldReferences(trace *grants.Trace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := make(map[string]bool)
	for _, g := range trace.Grants {
		if g.Tenant == "" || seen[g.Tenant] {
			continue
		}
		seen[g.Tenant] = true
		for _, name := range inOrder(c.referrers[g.Tenant]) {
			if c.namespaces[name].tenant == "" {
				for _, m := range c.factsOfNamespace(name) {
					trace.NoteMiss(m)
				}
			}
		}
	}
}

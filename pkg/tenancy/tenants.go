// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"reflect"

	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Tenants takes the cluster's Tenants.
func (c *Cluster) Tenants() *Sink[*capsule.Tenant] {
	return newSink(c, tenantSource, c.putTenant, c.deleteTenant, keysOf(c.tenants))
}

func (c *Cluster) putTenant(tx *view.Tx, item Item[*capsule.Tenant]) {
	name, previous := item.Key.Name, c.tenants[item.Key.Name]
	c.tenants[name] = item.Value
	if previous != nil && unchanged(previous, item.Value) {
		return
	}
	held, found := c.rules.OfTenant(item.Value)
	from := origin{source: tenantSource, name: name}
	c.give(tx, from, held)
	c.problems.set(from, found)
	switch {
	case previous == nil || previous.UID != item.Value.UID:
		c.refreshReferrers(tx, name)
		c.pendingSettings.add(name, true)
	case !sameBounds(previous, item.Value) || !c.rules.SameOwnerOperations(previous, item.Value):
		c.pendingSettings.add(name, true)
	}
}

// unchanged reports whether the relevant parts of a Tenant have not changed. Capsule writes the
// status of Tenants all the time.
func unchanged(previous, t *capsule.Tenant) bool {
	return previous.UID == t.UID && reflect.DeepEqual(previous.Spec, t.Spec) && reflect.DeepEqual(previous.Status, t.Status)
}

// sameBounds reports whether a Tenant may still see the same objects. That bounds the settings in
// its namespaces. Owners bound them only by their operations (SameOwnerOperations).
func sameBounds(previous, t *capsule.Tenant) bool {
	before, now := previous.Spec, t.Spec
	before.Owners, now.Owners = nil, nil
	return reflect.DeepEqual(before, now)
}

func (c *Cluster) deleteTenant(tx *view.Tx, key types.NamespacedName) {
	if c.tenants[key.Name] == nil {
		return
	}
	delete(c.tenants, key.Name)
	c.give(tx, origin{source: tenantSource, name: key.Name}, nil)
	c.refreshReferrers(tx, key.Name)
}

// refreshReferrers reevaluates what belongs to a Tenant after it has been created, deleted or
// replaced by another one of the same name.
func (c *Cluster) refreshReferrers(tx *view.Tx, tenant string) {
	for _, ns := range inOrder(c.referrers[tenant]) {
		c.refreshNamespace(tx, ns)
	}
	for _, pv := range inOrder(c.labelled[tenant]) {
		c.refreshVolume(tx, pv)
	}
}

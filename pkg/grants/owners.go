// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// withinOwners limits the operations of ProxySettings to those of the Tenant's owners if the policy
// says so.
func (r *Rules) withinOwners(held *holder, t *capsule.Tenant) {
	if r.policy.ProxySettingGrants != ProxySettingGrantsOwners {
		return
	}
	owned := make(map[schema.GroupResource]view.Operations, len(r.kinds))
	for k, ops := range r.ownerOperations(t) {
		owned[r.kinds[k].Upstream.GroupResource()] = ops
	}
	for i := range held.grants {
		held.grants[i].Grant.Operations &= owned[held.grants[i].Resource]
	}
}

// SameOwnerOperations reports whether the owners of two versions of a Tenant let ProxySettings pass
// on the same operations.
func (r *Rules) SameOwnerOperations(a, b *capsule.Tenant) bool {
	return r.policy.ProxySettingGrants != ProxySettingGrantsOwners || slices.Equal(r.ownerOperations(a), r.ownerOperations(b))
}

// ownerOperations returns, for each kind, the operations that at least one owner of the Tenant
// holds. Owners can always see namespaces.
func (r *Rules) ownerOperations(t *capsule.Tenant) []view.Operations {
	ops := make([]view.Operations, len(r.kinds))
	var reportedByTenant problems
	add := func(s capsule.Subject, settings []capsule.ProxyOperations) {
		if _, ok := subjectOf(s, &reportedByTenant); !ok {
			return
		}
		for k := range r.kinds {
			if r.policy.OwnerGrants == OwnerGrantsImplicit {
				ops[k] |= seen
			}
			for i := range settings {
				if settings[i].Kind == r.kinds[k].ProxySetting {
					ops[k] |= settingOperations(settings[i].Operations, &reportedByTenant)
				}
			}
		}
	}
	for i := range t.Spec.Owners {
		add(t.Spec.Owners[i].Subject, t.Spec.Owners[i].ProxySettings)
	}
	for _, s := range t.Status.Owners {
		add(s, nil)
	}
	for k := range r.kinds {
		if r.kinds[k].ProxySetting == "" {
			ops[k] = seen
		}
	}
	return ops
}

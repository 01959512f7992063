// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import "testing"

// The summary is in the audit log, where it must tell all policies apart.
func TestSummary(t *testing.T) {
	changed := DefaultPolicy()
	changed.OwnerGrants, changed.CapsuleUsersOnly, changed.PVClaimRef = OwnerGrantsImplicit, true, PVClaimRefLabelOnly
	other := CapsuleProxyPolicy()
	other.TenantSubjects = TenantSubjectsAny
	for want, policy := range map[string]Policy{
		"default":       DefaultPolicy(),
		"capsule-proxy": CapsuleProxyPolicy(),
		"default OwnerGrants=Implicit CapsuleUsersOnly=true PVClaimRef=LabelOnly": changed,
		"default UnsetClasses=None CapsuleUsersOnly=true ProxySettingRules=Unbounded TenantSubjects=Any " +
			"GlobalProxySettings=Off RoleBindingNamespaces=Off PVClaimRef=LabelOnly": other,
	} {
		if got := policy.Summary(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

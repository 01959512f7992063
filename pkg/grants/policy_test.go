// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/grants"
)

// The profiles are a promise: if a default changes, users of every installation see other objects.
func TestProfiles(t *testing.T) {
	want := map[string]grants.Policy{
		"default": {
			OwnerGrants: "ProxySettings", UnsetClasses: "All", UnsetNodeSelector: "All", NativeRBAC: "Union",
			ProxySettingRules: "TenantBounded", ProxySettingGrants: "Tenant", TenantSubjects: "NoEverybody", GlobalProxySettings: "On", RoleBindingNamespaces: "RBACGet", PVClaimRef: "Authoritative",
		},
		"capsule-proxy": {
			OwnerGrants: "ProxySettings", UnsetClasses: "None", UnsetNodeSelector: "All", NativeRBAC: "Union", CapsuleUsersOnly: true,
			ProxySettingRules: "Unbounded", ProxySettingGrants: "Tenant", TenantSubjects: "NoEverybody", GlobalProxySettings: "Off", RoleBindingNamespaces: "Off", PVClaimRef: "LabelOnly",
		},
	}
	got := make(map[string]grants.Policy)
	for name, profile := range grants.Profiles {
		got[name] = profile()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// The help shows the first choice as the default.
func TestChoices(t *testing.T) {
	p := grants.DefaultPolicy()
	got := grants.Policy{
		OwnerGrants: p.OwnerGrants.Choices()[0], UnsetClasses: p.UnsetClasses.Choices()[0], UnsetNodeSelector: p.UnsetNodeSelector.Choices()[0],
		NativeRBAC: p.NativeRBAC.Choices()[0], ProxySettingRules: p.ProxySettingRules.Choices()[0], GlobalProxySettings: p.GlobalProxySettings.Choices()[0],
		ProxySettingGrants: p.ProxySettingGrants.Choices()[0], TenantSubjects: p.TenantSubjects.Choices()[0],
		RoleBindingNamespaces: p.RoleBindingNamespaces.Choices()[0], PVClaimRef: p.PVClaimRef.Choices()[0],
	}
	if diff := cmp.Diff(p, got); diff != "" {
		t.Errorf("first choices (-default +got):\n%s", diff)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/grants"
)

// The users of the cases. All authenticated users are in the group system:authenticated.
var (
	alice = named("alice")
	bob   = named("bob")
	carol = named("carol")
	wanda = named("wanda")
	// bot is a service account.
	bot = named(botName, "system:serviceaccounts", "system:serviceaccounts:solar-ci")
	// nobody is not authenticated.
	nobody = user.DefaultInfo{Name: "system:anonymous", Groups: []string{"system:unauthenticated"}}
)

const botName = "system:serviceaccount:solar-ci:bot"

func named(name string, groups ...string) user.DefaultInfo {
	return user.DefaultInfo{Name: name, Groups: append(groups, "system:authenticated")}
}

// implicit returns the policy of most cases: owners see every kind, and RoleBindings show nothing.
// Everything else is as in a new installation.
func implicit(changes ...func(*grants.Policy)) grants.Policy {
	p := grants.DefaultPolicy()
	p.OwnerGrants = grants.OwnerGrantsImplicit
	p.RoleBindingNamespaces = grants.RoleBindingsOff
	for _, change := range changes {
		change(&p)
	}
	return p
}

func bySettings(p *grants.Policy)        { p.OwnerGrants = grants.OwnerGrantsProxySettings }
func unsetIsNone(p *grants.Policy)       { p.UnsetClasses = grants.UnsetNone }
func unsetNodesAreNone(p *grants.Policy) { p.UnsetNodeSelector = grants.UnsetNone }
func noNativeRBAC(p *grants.Policy)      { p.NativeRBAC = grants.NativeRBACIgnore }
func capsuleUsers(p *grants.Policy)      { p.CapsuleUsersOnly = true }
func rulesUnbounded(p *grants.Policy)    { p.ProxySettingRules = grants.ProxySettingRulesUnbounded }
func rulesOff(p *grants.Policy)          { p.ProxySettingRules = grants.ProxySettingRulesOff }
func grantsOfOwners(p *grants.Policy)    { p.ProxySettingGrants = grants.ProxySettingGrantsOwners }
func anySubject(p *grants.Policy)        { p.TenantSubjects = grants.TenantSubjectsAny }
func noGlobalSettings(p *grants.Policy)  { p.GlobalProxySettings = grants.Off }
func rbacGet(p *grants.Policy)           { p.RoleBindingNamespaces = grants.RoleBindingsRBACGet }
func anyBinding(p *grants.Policy)        { p.RoleBindingNamespaces = grants.RoleBindingsAny }
func labelOnly(p *grants.Policy)         { p.PVClaimRef = grants.PVClaimRefLabelOnly }

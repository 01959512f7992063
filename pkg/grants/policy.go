// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

// Policy is the administrator's choice where Capsule does not define the behaviour.
type Policy struct {
	// OwnerGrants says what owners see in addition to their namespaces.
	OwnerGrants OwnerGrants
	// UnsetClasses says which classes a Tenant without a class list may see.
	UnsetClasses Unset
	// UnsetNodeSelector says which nodes a Tenant without a node selector may see.
	UnsetNodeSelector Unset
	// NativeRBAC says whether RBAC on the upstream resources adds to what a user sees.
	NativeRBAC NativeRBAC
	// CapsuleUsersOnly restricts everything except native RBAC to the users that Capsule's
	// configuration names.
	CapsuleUsersOnly bool
	// ProxySettingRules says how far the rules of a ProxySetting reach.
	ProxySettingRules ProxySettingRules
	// ProxySettingGrants says whether a ProxySetting may grant more than the owners of its
	// Tenant have.
	ProxySettingGrants ProxySettingGrants
	// TenantSubjects says whether tenants may grant anything to everybody.
	TenantSubjects TenantSubjects
	// GlobalProxySettings switches the rules of GlobalProxySettings on or off.
	GlobalProxySettings Switch
	// RoleBindingNamespaces says which RoleBindings show the namespace that they are in.
	RoleBindingNamespaces RoleBindingNamespaces
	// PVClaimRef says whether a volume's claim decides which Tenant it belongs to.
	PVClaimRef PVClaimRef
}

// OwnerGrants says what owners see in addition to their namespaces.
type OwnerGrants string

// Unset says what a Tenant may see if its spec does not say.
type Unset string

// NativeRBAC says whether RBAC on the upstream resources adds to what a user sees.
type NativeRBAC string

// ProxySettingRules says how far the rules of a ProxySetting reach.
type ProxySettingRules string

// ProxySettingGrants says whose rights bound a ProxySetting.
type ProxySettingGrants string

// TenantSubjects says which subjects count in objects that tenants write: ProxySettings, and
// RoleBindings in namespaces of Tenants.
type TenantSubjects string

// Switch is on or off.
type Switch string

// RoleBindingNamespaces says which RoleBindings show the namespace that they are in.
type RoleBindingNamespaces string

// PVClaimRef says what decides the Tenant of a volume.
type PVClaimRef string

// Values of the settings.
const (
	// OwnerGrantsProxySettings shows owners the kinds that their proxySettings list.
	OwnerGrantsProxySettings OwnerGrants = "ProxySettings"
	// OwnerGrantsImplicit shows owners every kind.
	OwnerGrantsImplicit OwnerGrants = "Implicit"

	UnsetAll  Unset = "All"
	UnsetNone Unset = "None"

	NativeRBACUnion  NativeRBAC = "Union"
	NativeRBACIgnore NativeRBAC = "Ignore"

	// ProxySettingRulesTenantBounded shows the objects that a rule selects if the Tenant itself
	// may also see them.
	ProxySettingRulesTenantBounded ProxySettingRules = "TenantBounded"
	// ProxySettingRulesUnbounded shows every object that a rule selects. Such a rule never gives
	// Update or Delete.
	ProxySettingRulesUnbounded ProxySettingRules = "Unbounded"
	ProxySettingRulesOff       ProxySettingRules = "Off"

	// ProxySettingGrantsTenant lets a ProxySetting grant every kind, even if no owner of its
	// Tenant may see it.
	ProxySettingGrantsTenant ProxySettingGrants = "Tenant"
	// ProxySettingGrantsOwners lets a ProxySetting grant namespaces and, for each other kind, the
	// operations that at least one owner of its Tenant holds.
	ProxySettingGrantsOwners ProxySettingGrants = "Owners"

	// TenantSubjectsNoEverybody ignores the groups system:authenticated,
	// system:unauthenticated and system:serviceaccounts.
	TenantSubjectsNoEverybody TenantSubjects = "NoEverybody"
	TenantSubjectsAny         TenantSubjects = "Any"

	On  Switch = "On"
	Off Switch = "Off"

	// RoleBindingsRBACGet counts bindings to a role that allows users to get the namespace.
	RoleBindingsRBACGet RoleBindingNamespaces = "RBACGet"
	// RoleBindingsAny counts every binding.
	RoleBindingsAny RoleBindingNamespaces = "AnyBinding"
	RoleBindingsOff RoleBindingNamespaces = "Off"

	// PVClaimRefAuthoritative prefers the claim's namespace if the volume is Bound. Otherwise, a
	// label that names another Tenant comes first, and a namespace that is younger than a released
	// volume does not count. The label also decides if the namespace is gone.
	PVClaimRefAuthoritative PVClaimRef = "Authoritative"
	// PVClaimRefLabelOnly uses only the label.
	PVClaimRefLabelOnly PVClaimRef = "LabelOnly"
)

// DefaultPolicy returns the policy of a new installation.
func DefaultPolicy() Policy {
	return Policy{
		OwnerGrants:           OwnerGrantsProxySettings,
		UnsetClasses:          UnsetAll,
		UnsetNodeSelector:     UnsetAll,
		NativeRBAC:            NativeRBACUnion,
		ProxySettingRules:     ProxySettingRulesTenantBounded,
		ProxySettingGrants:    ProxySettingGrantsTenant,
		TenantSubjects:        TenantSubjectsNoEverybody,
		GlobalProxySettings:   On,
		RoleBindingNamespaces: RoleBindingsRBACGet,
		PVClaimRef:            PVClaimRefAuthoritative,
	}
}

// CapsuleProxyPolicy returns the policy that shows what capsule-proxy v0.14 shows, for a
// like-for-like migration. The exception is TenantSubjects, which keeps its default: capsule-proxy
// honours groups of everybody.
func CapsuleProxyPolicy() Policy {
	p := DefaultPolicy()
	p.UnsetClasses = UnsetNone
	p.CapsuleUsersOnly = true
	p.ProxySettingRules = ProxySettingRulesUnbounded
	p.GlobalProxySettings = Off
	p.RoleBindingNamespaces = RoleBindingsOff
	p.PVClaimRef = PVClaimRefLabelOnly
	return p
}

// Profiles are named policies.
var Profiles = map[string]func() Policy{
	"default":       DefaultPolicy,
	"capsule-proxy": CapsuleProxyPolicy,
}

// Choices returns the values that a setting's type allows, the default first.
func (OwnerGrants) Choices() []OwnerGrants {
	return []OwnerGrants{OwnerGrantsProxySettings, OwnerGrantsImplicit}
}

// Choices returns the values that a setting's type allows, the default first.
func (Unset) Choices() []Unset { return []Unset{UnsetAll, UnsetNone} }

// Choices returns the values that a setting's type allows, the default first.
func (NativeRBAC) Choices() []NativeRBAC { return []NativeRBAC{NativeRBACUnion, NativeRBACIgnore} }

// Choices returns the values that a setting's type allows, the default first.
func (ProxySettingRules) Choices() []ProxySettingRules {
	return []ProxySettingRules{ProxySettingRulesTenantBounded, ProxySettingRulesUnbounded, ProxySettingRulesOff}
}

// Choices returns the values that a setting's type allows, the default first.
func (ProxySettingGrants) Choices() []ProxySettingGrants {
	return []ProxySettingGrants{ProxySettingGrantsTenant, ProxySettingGrantsOwners}
}

// Choices returns the values that a setting's type allows, the default first.
func (TenantSubjects) Choices() []TenantSubjects {
	return []TenantSubjects{TenantSubjectsNoEverybody, TenantSubjectsAny}
}

// Choices returns the values that a setting's type allows, the default first.
func (Switch) Choices() []Switch { return []Switch{On, Off} }

// Choices returns the values that a setting's type allows, the default first.
func (RoleBindingNamespaces) Choices() []RoleBindingNamespaces {
	return []RoleBindingNamespaces{RoleBindingsRBACGet, RoleBindingsAny, RoleBindingsOff}
}

// Choices returns the values that a setting's type allows, the default first.
func (PVClaimRef) Choices() []PVClaimRef {
	return []PVClaimRef{PVClaimRefAuthoritative, PVClaimRefLabelOnly}
}

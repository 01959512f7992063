// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

// Policy is what an administrator decides where Capsule leaves room.
type Policy struct {
	// OwnerGrants says what an owner sees beside his namespaces.
	OwnerGrants OwnerGrants
	// UnsetClasses says which classes a Tenant without a class list may see.
	UnsetClasses Unset
	// UnsetNodeSelector says which nodes a Tenant without a node selector may see.
	UnsetNodeSelector Unset
	// NativeRBAC says whether RBAC on the upstream resources adds to what a user sees.
	NativeRBAC NativeRBAC
	// CapsuleUsersOnly restricts all but native RBAC to the users that Capsule's
	// configuration names.
	CapsuleUsersOnly bool
	// ProxySettingRules says how far the rules of a ProxySetting reach.
	ProxySettingRules ProxySettingRules
	// ProxySettingGrants says whether a ProxySetting may grant more than the owners of its
	// Tenant have.
	ProxySettingGrants ProxySettingGrants
	// TenantSubjects says whether a tenant may grant something to everybody.
	TenantSubjects TenantSubjects
	// GlobalProxySettings switches the rules of GlobalProxySettings.
	GlobalProxySettings Switch
	// RoleBindingNamespaces says which RoleBindings show the namespace that they are in.
	RoleBindingNamespaces RoleBindingNamespaces
	// PVClaimRef says whether a volume's claim decides which Tenant it belongs to.
	PVClaimRef PVClaimRef
}

// OwnerGrants says what an owner sees beside his namespaces.
type OwnerGrants string

// Unset says what a Tenant may see that does not say.
type Unset string

// NativeRBAC says whether RBAC on the upstream resources adds to what a user sees.
type NativeRBAC string

// ProxySettingRules says how far the rules of a ProxySetting reach.
type ProxySettingRules string

// ProxySettingGrants says whose rights bound a ProxySetting.
type ProxySettingGrants string

// TenantSubjects says which subjects count where a tenant writes them: in ProxySettings, and
// in RoleBindings in namespaces of Tenants.
type TenantSubjects string

// Switch is on or off.
type Switch string

// RoleBindingNamespaces says which RoleBindings show the namespace that they are in.
type RoleBindingNamespaces string

// PVClaimRef says what decides the Tenant of a volume.
type PVClaimRef string

// Values of the settings.
const (
	// OwnerGrantsProxySettings shows an owner the kinds that his proxySettings list.
	OwnerGrantsProxySettings OwnerGrants = "ProxySettings"
	// OwnerGrantsImplicit shows an owner every kind.
	OwnerGrantsImplicit OwnerGrants = "Implicit"

	UnsetAll  Unset = "All"
	UnsetNone Unset = "None"

	NativeRBACUnion  NativeRBAC = "Union"
	NativeRBACIgnore NativeRBAC = "Ignore"

	// ProxySettingRulesTenantBounded shows of what a rule selects that which the Tenant
	// itself may see.
	ProxySettingRulesTenantBounded ProxySettingRules = "TenantBounded"
	ProxySettingRulesUnbounded     ProxySettingRules = "Unbounded"
	ProxySettingRulesOff           ProxySettingRules = "Off"

	// ProxySettingGrantsTenant lets a ProxySetting grant every kind, whoever of its Tenant's
	// owners may see it.
	ProxySettingGrantsTenant ProxySettingGrants = "Tenant"
	// ProxySettingGrantsOwners lets a ProxySetting grant namespaces, and of each other kind
	// the operations that at least one owner of its Tenant holds.
	ProxySettingGrantsOwners ProxySettingGrants = "Owners"

	// TenantSubjectsNoEverybody ignores the groups system:authenticated,
	// system:unauthenticated and system:serviceaccounts.
	TenantSubjectsNoEverybody TenantSubjects = "NoEverybody"
	TenantSubjectsAny         TenantSubjects = "Any"

	On  Switch = "On"
	Off Switch = "Off"

	// RoleBindingsRBACGet counts bindings to a role that allows to get the namespace.
	RoleBindingsRBACGet RoleBindingNamespaces = "RBACGet"
	// RoleBindingsAny counts every binding.
	RoleBindingsAny RoleBindingNamespaces = "AnyBinding"
	RoleBindingsOff RoleBindingNamespaces = "Off"

	// PVClaimRefAuthoritative asks the claim's namespace first if the volume is Bound. If it is
	// not, a label that names another Tenant comes first, and a namespace that is younger than
	// a released volume does not count. The label decides, too, when the namespace is gone.
	PVClaimRefAuthoritative PVClaimRef = "Authoritative"
	// PVClaimRefLabelOnly asks the label alone.
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
// like-for-like migration. It leaves TenantSubjects as it is: capsule-proxy honours groups that
// hold everybody.
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

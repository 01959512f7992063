// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"capsule.dev/tenantview/pkg/grants"
)

// PolicyOptions are the flags of a policy.
type PolicyOptions struct {
	// Profile is the policy that holds for every flag that is not set.
	Profile string

	policy grants.Policy
	flags  *pflag.FlagSet
}

// NewPolicyOptions returns the default policy.
func NewPolicyOptions() *PolicyOptions {
	return &PolicyOptions{Profile: "default", policy: grants.DefaultPolicy()}
}

// AddFlags adds the flags to a set.
func (o *PolicyOptions) AddFlags(flags *pflag.FlagSet) {
	o.flags = flags
	flags.StringVar(&o.Profile, "profile", o.Profile,
		"Values of the flags below that are not set: "+strings.Join(profileNames(), " or ")+", which shows what capsule-proxy shows.")
	choice(flags, &o.policy.OwnerGrants, "owner-grants",
		"What the owner of a Tenant sees beside its namespaces: the kinds that his proxySettings list, or (Implicit) all.")
	choice(flags, &o.policy.UnsetClasses, "unset-classes",
		"The classes that a Tenant without a list of them may see.")
	choice(flags, &o.policy.UnsetNodeSelector, "unset-node-selector",
		"The nodes that a Tenant without a node selector may see.")
	choice(flags, &o.policy.NativeRBAC, "native-rbac",
		"Whether a user who may list or get an upstream resource by RBAC sees it here, too.")
	flags.BoolVar(&o.policy.CapsuleUsersOnly, "capsule-users-only", o.policy.CapsuleUsersOnly,
		"Show only native RBAC to those who are not users of Capsule by its configuration.")
	choice(flags, &o.policy.ProxySettingRules, "proxy-setting-rules",
		"How far the clusterResources of ProxySettings reach: to what the Tenant itself may see, to all, or to nothing.")
	choice(flags, &o.policy.ProxySettingGrants, "proxy-setting-grants",
		"What a ProxySetting may grant at most: all kinds that its Tenant may see, or (Owners) beside namespaces only those that an owner of its Tenant sees.")
	choice(flags, &o.policy.TenantSubjects, "tenant-subjects",
		"Which subjects count in ProxySettings, and in RoleBindings in namespaces of Tenants: all but the groups that hold everybody (system:authenticated, system:unauthenticated, system:serviceaccounts), or any.")
	choice(flags, &o.policy.GlobalProxySettings, "global-proxy-settings",
		"Whether GlobalProxySettings grant anything.")
	choice(flags, &o.policy.RoleBindingNamespaces, "role-binding-namespaces",
		"Which RoleBindings show a user the namespace that they are in: those whose role allows to get namespaces, any, or none.")
	choice(flags, &o.policy.PVClaimRef, "pv-claim-ref",
		"What decides the Tenant of a PersistentVolume: the namespace of its claim as far as that can be trusted and then its label, or the label alone.")
}

// Policy returns the profile's policy with the flags that are set.
func (o *PolicyOptions) Policy() (grants.Policy, error) {
	profile, ok := grants.Profiles[o.Profile]
	if !ok {
		return grants.Policy{}, fmt.Errorf("--profile: %q is none of %s", o.Profile, strings.Join(profileNames(), ", "))
	}
	p, set := profile(), o.policy
	for name, override := range map[string]func(){
		"owner-grants":            func() { p.OwnerGrants = set.OwnerGrants },
		"unset-classes":           func() { p.UnsetClasses = set.UnsetClasses },
		"unset-node-selector":     func() { p.UnsetNodeSelector = set.UnsetNodeSelector },
		"native-rbac":             func() { p.NativeRBAC = set.NativeRBAC },
		"capsule-users-only":      func() { p.CapsuleUsersOnly = set.CapsuleUsersOnly },
		"proxy-setting-rules":     func() { p.ProxySettingRules = set.ProxySettingRules },
		"proxy-setting-grants":    func() { p.ProxySettingGrants = set.ProxySettingGrants },
		"tenant-subjects":         func() { p.TenantSubjects = set.TenantSubjects },
		"global-proxy-settings":   func() { p.GlobalProxySettings = set.GlobalProxySettings },
		"role-binding-namespaces": func() { p.RoleBindingNamespaces = set.RoleBindingNamespaces },
		"pv-claim-ref":            func() { p.PVClaimRef = set.PVClaimRef },
	} {
		if o.flags.Changed(name) {
			override()
		}
	}
	return p, nil
}

func profileNames() []string {
	names := slices.Sorted(maps.Keys(grants.Profiles))
	slices.Reverse(names) // the default first
	return names
}

// choices is a setting's type, which knows its values.
type choices[T any] interface {
	~string
	Choices() []T
}

// choice adds a flag that takes one of the values of a setting.
func choice[T choices[T]](flags *pflag.FlagSet, value *T, name, usage string) {
	var names []string
	for _, c := range (*value).Choices() {
		names = append(names, string(c))
	}
	flags.Var(&choiceValue[T]{value, names}, name, usage+" One of "+strings.Join(names, ", ")+".")
}

type choiceValue[T ~string] struct {
	value *T
	names []string
}

// String returns the value.
func (c *choiceValue[T]) String() string {
	if c.value == nil {
		return ""
	}
	return string(*c.value)
}

// Set takes one of the values.
func (c *choiceValue[T]) Set(s string) error {
	if !slices.Contains(c.names, s) {
		return fmt.Errorf("must be one of %s", strings.Join(c.names, ", "))
	}
	*c.value = T(s)
	return nil
}

// Type returns what help shows for the value.
func (c *choiceValue[T]) Type() string { return "string" }

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

// PolicyOptions are the flags that make up a policy.
type PolicyOptions struct {
	// Profile names the policy that supplies the values of flags that are not set.
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
		"Where the flags below get their values if they are not set: "+strings.Join(profileNames(), " or ")+" (shows what capsule-proxy shows).")
	choice(flags, &o.policy.OwnerGrants, "owner-grants",
		"Which kinds the owner of a Tenant sees besides its namespaces: those listed in the owner's proxySettings, or (Implicit) all.")
	choice(flags, &o.policy.UnsetClasses, "unset-classes",
		"Which classes a Tenant without a list of classes may see.")
	choice(flags, &o.policy.UnsetNodeSelector, "unset-node-selector",
		"Which nodes a Tenant without a node selector may see.")
	choice(flags, &o.policy.NativeRBAC, "native-rbac",
		"Whether users whom RBAC allows to list or get an upstream resource also see it here.")
	flags.BoolVar(&o.policy.CapsuleUsersOnly, "capsule-users-only", o.policy.CapsuleUsersOnly,
		"Apply grants only to users that Capsule's configuration names. Other users see only what native RBAC allows.")
	choice(flags, &o.policy.ProxySettingRules, "proxy-setting-rules",
		"Which objects the clusterResources of ProxySettings can show: those that the Tenant itself may see, all (then without Update and Delete), or none.")
	choice(flags, &o.policy.ProxySettingGrants, "proxy-setting-grants",
		"Which kinds a ProxySetting may grant at most: all that its Tenant may see, with any operation, or (Owners) namespaces and the kinds that an owner of its Tenant sees, with the operations that an owner has. Use Owners with --enable-writes.")
	choice(flags, &o.policy.TenantSubjects, "tenant-subjects",
		"Which subjects count in ProxySettings, and in RoleBindings in namespaces of Tenants: all except the groups that include every user (system:authenticated, system:unauthenticated, system:serviceaccounts), or any.")
	choice(flags, &o.policy.GlobalProxySettings, "global-proxy-settings",
		"Whether GlobalProxySettings grant anything.")
	choice(flags, &o.policy.RoleBindingNamespaces, "role-binding-namespaces",
		"Which RoleBindings show their namespace to their subjects: those whose role allows getting namespaces, any, or none.")
	choice(flags, &o.policy.PVClaimRef, "pv-claim-ref",
		"What decides which Tenant a PersistentVolume belongs to: the namespace of its claim where that can be trusted and otherwise its label, or the label alone.")
}

// Policy returns the profile's policy, overridden by the flags that are set.
func (o *PolicyOptions) Policy() (grants.Policy, error) {
	profile, ok := grants.Profiles[o.Profile]
	if !ok {
		return grants.Policy{}, fmt.Errorf("--profile: %q is not one of %s", o.Profile, strings.Join(profileNames(), ", "))
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

// choices is the type of a setting. It knows its possible values.
type choices[T any] interface {
	~string
	Choices() []T
}

// choice adds a flag whose value is one of the choices of a setting.
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

// Set sets the value, which must be one of the choices.
func (c *choiceValue[T]) Set(s string) error {
	if !slices.Contains(c.names, s) {
		return fmt.Errorf("must be one of %s", strings.Join(c.names, ", "))
	}
	*c.value = T(s)
	return nil
}

// Type returns the type of the value, for the help text.
func (c *choiceValue[T]) Type() string { return "string" }

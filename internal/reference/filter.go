// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"slices"
	"sort"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/grants"
)

// Operation is what a user may do to an object. List stands for list and watch.
type Operation string

// The operations.
const (
	List   Operation = "List"
	Get    Operation = "Get"
	Update Operation = "Update"
	Delete Operation = "Delete"
)

// Filter decides what users see in a World.
type Filter struct {
	World  *World
	Policy grants.Policy
	// Native reports whether RBAC allows the user to list a resource in the whole cluster (with an
	// empty name), or to get an object of it. nil means no.
	Native func(u user.Info, verb, resource, name string) bool
}

// Names returns the names of the objects of a resource to which the user may do op, in alphabetical
// order, or nil if there are none.
func (f *Filter) Names(u user.Info, op Operation, resource string) []string {
	var names []string
	for ref, o := range f.World.objects {
		if ref.Resource == resource && f.allows(u, op, resource, o) {
			names = append(names, ref.Name)
		}
	}
	sort.Strings(names)
	return names
}

// Allows reports whether the object exists and the user may do op to it.
func (f *Filter) Allows(u user.Info, op Operation, resource, name string) bool {
	o := f.World.objects[Ref{Resource: resource, Name: name}]
	return o != nil && f.allows(u, op, resource, o)
}

func (f *Filter) allows(u user.Info, op Operation, resource string, o metav1.Object) bool {
	if f.byNativeRBAC(u, op, resource, o.GetName()) {
		return true
	}
	if f.Policy.CapsuleUsersOnly && !f.isCapsuleUser(u) {
		return false
	}
	return f.byOwnership(u, op, resource, o) ||
		f.byProxySetting(u, op, resource, o) ||
		f.byGlobalProxySettings(u, op, resource, o) ||
		f.byRoleBinding(u, op, resource, o)
}

func (f *Filter) byNativeRBAC(u user.Info, op Operation, resource, name string) bool {
	if f.Policy.NativeRBAC != "Union" || f.Native == nil {
		return false
	}
	switch op {
	case List:
		return f.Native(u, "list", resource, "")
	case Get:
		return f.Native(u, "list", resource, "") || f.Native(u, "get", resource, name)
	default:
		return false
	}
}

// isCapsuleUser reports whether Capsule's configuration names the user.
func (f *Filter) isCapsuleUser(u user.Info) bool {
	c, ok := f.World.decoded[Ref{Resource: "capsuleconfigurations", Name: "default"}].(*configuration)
	if !ok {
		return false
	}
	for _, group := range append([]string{"system:serviceaccounts:kube-system"}, c.Spec.IgnoreUserWithGroups...) {
		if group != "" && slices.Contains(u.GetGroups(), group) {
			return false
		}
	}
	for _, s := range slices.Concat(c.Status.Users, c.Spec.Users) {
		if s.matches(u) {
			return true
		}
	}
	for _, name := range c.Spec.UserNames {
		if (subject{"User", name}).matches(u) {
			return true
		}
	}
	for _, name := range c.Spec.UserGroups {
		if (subject{"Group", name}).matches(u) {
			return true
		}
	}
	return false
}

// byOwnership: owners see what their Tenant may see. OwnerGrants decides the kinds.
func (f *Filter) byOwnership(u user.Info, op Operation, resource string, o metav1.Object) bool {
	for _, t := range allDecoded[tenant](f.World) {
		if !f.tenantSees(t, resource, o) {
			continue
		}
		owners := slices.Clone(t.Spec.Owners)
		for _, s := range t.Status.Owners {
			owners = append(owners, owner{subject: s})
		}
		for _, entry := range owners {
			if !entry.matches(u) {
				continue
			}
			if (resource == "namespaces" || f.Policy.OwnerGrants == "Implicit") && permits(nil, op) {
				return true
			}
			if settingsPermit(entry.ProxySettings, resource, op) {
				return true
			}
		}
	}
	return false
}

// byProxySetting: subjects of a ProxySetting see objects of the Tenant of its namespace.
func (f *Filter) byProxySetting(u user.Info, op Operation, resource string, o metav1.Object) bool {
	for ref, s := range allDecoded[proxySetting](f.World) {
		t := f.World.tenant(f.tenantOfNamespaceNamed(ref.Namespace))
		if t == nil || !f.mayPassOn(t, op, resource) {
			continue
		}
		for _, entry := range s.Spec.Subjects {
			if !entry.matches(u) || f.ignores(entry.Kind, entry.Name) {
				continue
			}
			of := f.tenantSees(t, resource, o)
			if of && resource == "namespaces" && permits(nil, op) {
				return true
			}
			if of && settingsPermit(entry.ProxySettings, resource, op) {
				return true
			}
			shows := op == List || op == Get
			if (f.Policy.ProxySettingRules == "Unbounded" && shows) || (f.Policy.ProxySettingRules == "TenantBounded" && of) {
				if rulesPermit(entry.ClusterResources, op, resource, o) {
					return true
				}
			}
		}
	}
	return false
}

// mayPassOn reports whether a ProxySetting in a namespace of the Tenant may grant op on a resource.
func (f *Filter) mayPassOn(t *tenant, op Operation, resource string) bool {
	shows := op == List || op == Get
	if f.Policy.ProxySettingGrants != "Owners" || (resource == "namespaces" && shows) {
		return true
	}
	if resource == "namespaces" {
		return false
	}
	for _, o := range t.Spec.Owners {
		if o.isSomebody() && ((f.Policy.OwnerGrants == "Implicit" && shows) || settingsPermit(o.ProxySettings, resource, op)) {
			return true
		}
	}
	return shows && f.Policy.OwnerGrants == "Implicit" && slices.ContainsFunc(t.Status.Owners, subject.isSomebody)
}

// ignores reports whether a subject does not count in an object that a tenant has written.
func (f *Filter) ignores(kind, name string) bool {
	everybody := []string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts"}
	return f.Policy.TenantSubjects != "Any" && kind == "Group" && slices.Contains(everybody, name)
}

// byGlobalProxySettings: subjects see the objects that a rule selects.
func (f *Filter) byGlobalProxySettings(u user.Info, op Operation, resource string, o metav1.Object) bool {
	if f.Policy.GlobalProxySettings != "On" {
		return false
	}
	for _, s := range allDecoded[globalProxySetting](f.World) {
		for _, r := range s.Spec.Rules {
			for _, named := range r.Subjects {
				if named.matches(u) && rulesPermit(r.ClusterResources, op, resource, o) {
					return true
				}
			}
		}
	}
	return false
}

// byRoleBinding: subjects that are bound in a namespace see that namespace.
func (f *Filter) byRoleBinding(u user.Info, op Operation, resource string, o metav1.Object) bool {
	if resource != "namespaces" || f.Policy.RoleBindingNamespaces == "Off" || !permits(nil, op) {
		return false
	}
	for _, b := range all[*rbacv1.RoleBinding](f.World) {
		if b.Namespace != o.GetName() {
			continue
		}
		ofTenant := f.tenantOfNamespaceNamed(b.Namespace) != ""
		if !slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool {
			return bound(s, b.Namespace, u) && (!ofTenant || !f.ignores(s.Kind, s.Name))
		}) {
			continue
		}
		if f.Policy.RoleBindingNamespaces == "AnyBinding" || rolesAllowGet(f.World.rules(b), o.GetName()) {
			return true
		}
	}
	return false
}

func rolesAllowGet(rules []rbacv1.PolicyRule, namespace string) bool {
	oneOf := func(list []string, want string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, want)
	}
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return oneOf(r.Verbs, "get") && oneOf(r.APIGroups, "") && oneOf(r.Resources, "namespaces") &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, namespace))
	})
}

// bound reports whether the subject of a RoleBinding includes the user, according to RBAC.
func bound(s rbacv1.Subject, namespace string, u user.Info) bool {
	switch s.Kind {
	case "User":
		return s.Name != "" && s.Name == u.GetName()
	case "Group":
		return s.Name != "" && slices.Contains(u.GetGroups(), s.Name)
	case "ServiceAccount":
		if s.Namespace != "" {
			namespace = s.Namespace
		}
		return u.GetName() == "system:serviceaccount:"+namespace+":"+s.Name
	default:
		return false
	}
}

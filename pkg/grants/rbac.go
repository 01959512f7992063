// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"capsule.dev/tenantview/pkg/view"
)

// NamespaceGet says which namespaces a role allows to get. The zero NamespaceGet allows none.
// It is not changed once it is made.
type NamespaceGet struct {
	// any is true if the role allows to get whatever namespace it is bound in.
	any bool
	// names are the namespaces that the role names.
	names map[string]struct{}
}

// Allows tells whether the role, bound in that namespace, allows to get it. Its time does not
// depend on how many namespaces the role names.
func (g NamespaceGet) Allows(namespace string) bool {
	if g.any {
		return true
	}
	_, ok := g.names[namespace]
	return ok
}

// IsZero tells whether the role allows to get no namespace.
func (g NamespaceGet) IsZero() bool { return !g.any && len(g.names) == 0 }

// SameEverywhere tells whether both allow to get the same namespaces. It looks at no names: if
// either names namespaces the answer is false, and they must be compared where they are bound.
func (g NamespaceGet) SameEverywhere(h NamespaceGet) bool {
	return g.any == h.any && len(g.names) == 0 && len(h.names) == 0
}

// OfRole reads the rules of a Role, with RBAC's wildcards. It can be bound in its own namespace
// only, so that no more is kept than whether it allows to get that one.
func OfRole(namespace string, rules []rbacv1.PolicyRule) NamespaceGet {
	for i := range rules {
		if names, ok := namespaceNames(&rules[i]); ok && (len(names) == 0 || slices.Contains(names, namespace)) {
			return NamespaceGet{any: true}
		}
	}
	return NamespaceGet{}
}

// OfClusterRole reads the rules of a ClusterRole, with RBAC's wildcards.
func OfClusterRole(rules []rbacv1.PolicyRule) NamespaceGet {
	var g NamespaceGet
	for i := range rules {
		names, ok := namespaceNames(&rules[i])
		switch {
		case !ok:
		case len(names) == 0:
			return NamespaceGet{any: true}
		case g.names == nil:
			g.names = make(map[string]struct{}, len(names))
			fallthrough
		default:
			for _, name := range names {
				g.names[name] = struct{}{}
			}
		}
	}
	return g
}

// namespaceNames tells whether a rule allows to get namespaces, and which; none stands for all.
func namespaceNames(rule *rbacv1.PolicyRule) ([]string, bool) {
	return rule.ResourceNames,
		containsOrAll(rule.Verbs, "get") && containsOrAll(rule.APIGroups, "") && containsOrAll(rule.Resources, "namespaces")
}

func containsOrAll(list []string, s string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, s)
}

// OfRoleBinding returns what subjects hold that are bound in a namespace to a role which
// allows to get it: to see that namespace. ofTenant tells that the namespace belongs to a
// Tenant, whose users write its RoleBindings.
func (r *Rules) OfRoleBinding(namespace string, ofTenant bool, subjects []view.Subject) []Held {
	if ofTenant {
		subjects = r.tenantSubjects(subjects)
	}
	held := newHolder(r)
	for k := range r.kinds {
		if r.kinds[k].Upstream.GroupResource() == namespaces {
			for _, s := range subjects {
				held.add(k, s, view.Name(namespace), seen)
			}
		}
	}
	return held.grants
}

// BindingSubjects returns the subjects of a RoleBinding in a namespace. A service account
// without a namespace is one of that namespace (k8s.io/kubernetes, pkg/registry/rbac/validation,
// appliesToUser).
func BindingSubjects(namespace string, subjects []rbacv1.Subject) []view.Subject {
	var found []view.Subject
	for _, s := range subjects {
		if s.Kind == rbacv1.ServiceAccountKind && s.Namespace == "" {
			s.Namespace = namespace
		}
		if subject, ok := subjectOfRBAC(s); ok {
			found = append(found, subject)
		}
	}
	return found
}

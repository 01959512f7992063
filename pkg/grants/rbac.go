// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"capsule.dev/tenantview/pkg/view"
)

// NamespaceGet is the set of namespaces that a role allows its subjects to get. The zero
// NamespaceGet allows none. A NamespaceGet is immutable.
type NamespaceGet struct {
	// any is true if the role allows its subjects to get any namespace that it is bound in.
	any bool
	// names are the namespaces that the role names.
	names map[string]struct{}
}

// Allows reports whether the role, if bound in that namespace, allows its subjects to get the
// namespace. The time does not depend on the number of namespaces that the role names.
func (g NamespaceGet) Allows(namespace string) bool {
	if g.any {
		return true
	}
	_, ok := g.names[namespace]
	return ok
}

// IsZero reports whether the role does not allow its subjects to get any namespace.
func (g NamespaceGet) IsZero() bool { return !g.any && len(g.names) == 0 }

// SameEverywhere reports whether both allow the same namespaces, without looking at names. If
// either role names namespaces, the result is false, and the caller must compare them for each
// binding.
func (g NamespaceGet) SameEverywhere(h NamespaceGet) bool {
	return g.any == h.any && len(g.names) == 0 && len(h.names) == 0
}

// OfRole reads the rules of a Role, with RBAC's wildcards. A Role can be bound only in its own
// namespace, so the result only says whether it allows that one.
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

// namespaceNames reports whether a rule allows its subjects to get namespaces, and returns their
// names. No names means all namespaces.
func namespaceNames(rule *rbacv1.PolicyRule) ([]string, bool) {
	return rule.ResourceNames,
		containsOrAll(rule.Verbs, "get") && containsOrAll(rule.APIGroups, "") && containsOrAll(rule.Resources, "namespaces")
}

func containsOrAll(list []string, s string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, s)
}

// OfRoleBinding returns the grants of subjects that are bound, in a namespace, to a role which
// allows them to get that namespace: they may see it. ofTenant is true if the namespace belongs to
// a Tenant, whose users write its RoleBindings.
func (r *Rules) OfRoleBinding(namespace string, ofTenant bool, subjects []view.Subject) []Held {
	return r.ofRoleBinding(namespace, ofTenant, subjects, nil)
}

func (r *Rules) ofRoleBinding(namespace string, ofTenant bool, subjects []view.Subject, trace *Trace) []Held {
	if ofTenant {
		counted := r.tenantSubjects(subjects)
		trace.leavesOut(subjects, counted)
		subjects = counted
	}
	held := newHolder(r, trace)
	for k := range r.kinds {
		if r.kinds[k].Upstream.GroupResource() == namespaces {
			for i, s := range subjects {
				if trace.enters(s, "subjects", i) {
					held.add(k, s, view.Name(namespace), seen)
				}
			}
		}
	}
	return held.done()
}

// BindingSubjects returns the subjects of a RoleBinding in a namespace. A service account without
// a namespace belongs to that namespace (k8s.io/kubernetes, pkg/registry/rbac/validation,
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

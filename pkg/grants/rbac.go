// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"capsule.dev/tenantview/pkg/view"
)

// NamespaceGet says which namespaces a role allows to get.
type NamespaceGet struct {
	// Any is true if the role allows to get whatever namespace it is bound in.
	Any bool
	// Names are the namespaces that the role names.
	Names []string
}

// Allows tells whether the role, bound in that namespace, allows to get it.
func (g NamespaceGet) Allows(namespace string) bool {
	return g.Any || slices.Contains(g.Names, namespace)
}

// NamespaceGetOf reads the rules of a Role or ClusterRole, with RBAC's wildcards.
func NamespaceGetOf(rules []rbacv1.PolicyRule) NamespaceGet {
	var g NamespaceGet
	for i := range rules {
		rule := &rules[i]
		if !containsOrAll(rule.Verbs, "get") || !containsOrAll(rule.APIGroups, "") || !containsOrAll(rule.Resources, "namespaces") {
			continue
		}
		if len(rule.ResourceNames) == 0 {
			return NamespaceGet{Any: true}
		}
		g.Names = append(g.Names, rule.ResourceNames...)
	}
	return g
}

func containsOrAll(list []string, s string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, s)
}

// OfRoleBinding returns what subjects hold that are bound in a namespace to a role which
// allows to get it: to see that namespace.
func (r *Rules) OfRoleBinding(namespace string, subjects []view.Subject) []Held {
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

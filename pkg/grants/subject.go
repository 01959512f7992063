// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Subjects returns the subjects under which a user holds grants. It keeps duplicate groups: they
// are harmless, and finding them costs more than the rest of a list request.
func Subjects(u user.Info) []view.Subject {
	groups := u.GetGroups()
	subjects := make([]view.Subject, 0, 1+len(groups))
	if name := u.GetName(); name != "" {
		subjects = append(subjects, view.User(name))
	}
	for _, group := range groups {
		if group != "" {
			subjects = append(subjects, view.Group(group))
		}
	}
	return subjects
}

// subjectOf returns the subject that a Capsule object names. A service account is the user with
// its full name.
func subjectOf(s capsule.Subject, found *problems) (view.Subject, bool) {
	if s.Name == "" {
		found.add(ReasonSubject, "a subject without a name")
		return view.Subject{}, false
	}
	switch s.Kind {
	case capsule.UserKind, capsule.ServiceAccountKind:
		return view.User(s.Name), true
	case capsule.GroupKind:
		return view.Group(s.Name), true
	default:
		found.add(ReasonSubject, "subject of unknown kind %q", s.Kind)
		return view.Subject{}, false
	}
}

// subjectOfRBAC returns the subject that a RoleBinding names.
func subjectOfRBAC(s rbacv1.Subject) (view.Subject, bool) {
	switch {
	case s.Name == "":
		return view.Subject{}, false
	case s.Kind == rbacv1.UserKind && s.APIGroup == rbacv1.GroupName:
		return view.User(s.Name), true
	case s.Kind == rbacv1.GroupKind && s.APIGroup == rbacv1.GroupName:
		return view.Group(s.Name), true
	case s.Kind == rbacv1.ServiceAccountKind && s.APIGroup == "" && s.Namespace != "":
		return view.User(serviceaccount.MakeUsername(s.Namespace, s.Name)), true
	default:
		return view.Subject{}, false
	}
}

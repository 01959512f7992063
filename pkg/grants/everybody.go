// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// everybody are the groups that kube-apiserver assigns automatically. Their members are all
// authenticated users, all unauthenticated users, and all service accounts.
var everybody = map[string]bool{
	user.AllAuthenticated:                  true,
	user.AllUnauthenticated:                true,
	serviceaccount.AllServiceAccountsGroup: true,
}

func isEverybody(s view.Subject) bool { return s.Group && everybody[s.Name] }

// NamesEverybody reports whether one of the subjects is a group of everybody.
func NamesEverybody(subjects []view.Subject) bool { return slices.ContainsFunc(subjects, isEverybody) }

// tenantSubjectOf returns the subject that entry i of a tenant's object names, unless the policy
// ignores it.
func (r *Rules) tenantSubjectOf(s capsule.Subject, i int, found *problems) (view.Subject, bool) {
	subject, ok := subjectOf(s, found)
	if ok && r.policy.TenantSubjects != TenantSubjectsAny && isEverybody(subject) {
		if found.trace.wantsMisses() {
			found.trace.enters(subject, "spec.subjects", i)
		}
		found.add(ReasonEverybody, "group %q includes everybody, so it is ignored in objects of tenants", subject.Name)
		return view.Subject{}, false
	}
	return subject, ok
}

// tenantSubjects returns the subjects of a tenant's RoleBinding without those that the policy
// ignores.
func (r *Rules) tenantSubjects(subjects []view.Subject) []view.Subject {
	if r.policy.TenantSubjects == TenantSubjectsAny || !NamesEverybody(subjects) {
		return subjects
	}
	return slices.DeleteFunc(slices.Clone(subjects), isEverybody)
}

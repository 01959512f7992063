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

// everybody are the groups that kube-apiserver puts users in without anybody's doing. They hold
// all users, all that are not authenticated, and all service accounts.
var everybody = map[string]bool{
	user.AllAuthenticated:                  true,
	user.AllUnauthenticated:                true,
	serviceaccount.AllServiceAccountsGroup: true,
}

func isEverybody(s view.Subject) bool { return s.Group && everybody[s.Name] }

// NamesEverybody tells whether one of the subjects is a group that holds everybody.
func NamesEverybody(subjects []view.Subject) bool { return slices.ContainsFunc(subjects, isEverybody) }

// tenantSubjectOf returns the subject that a tenant has written, unless the policy ignores it.
func (r *Rules) tenantSubjectOf(s capsule.Subject, found *problems) (view.Subject, bool) {
	subject, ok := subjectOf(s, found)
	if ok && r.policy.TenantSubjects != TenantSubjectsAny && isEverybody(subject) {
		found.add(ReasonEverybody, "group %q holds everybody and grants nothing where a tenant names it", subject.Name)
		return view.Subject{}, false
	}
	return subject, ok
}

// tenantSubjects returns those of the subjects in a tenant's RoleBinding that the policy does
// not ignore.
func (r *Rules) tenantSubjects(subjects []view.Subject) []view.Subject {
	if r.policy.TenantSubjects == TenantSubjectsAny || !NamesEverybody(subjects) {
		return subjects
	}
	return slices.DeleteFunc(slices.Clone(subjects), isEverybody)
}

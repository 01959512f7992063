// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// MaxRoleBindings is the number of RoleBindings that a namespace may have.
const MaxRoleBindings = 9

// RoleBinding returns one of the RoleBindings that Capsule makes in namespace i, of a Tenant. The first two
// bind the owners, a user and a group, to the ClusterRole admin. The next two let them delete the namespace.
// The others are the Tenant's additionalRoleBindings. number is below MaxRoleBindings.
func RoleBinding(namespace string, i, owner, number int) *rbacv1.RoleBinding {
	tenant := TenantName(owner)
	subject := rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: Owner(owner)}
	if number%2 == 1 {
		subject = rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: Team(owner)}
	}
	var role string
	switch number {
	case 0, 1:
		role = "admin"
	case 2, 3:
		role = "capsule-namespace-deleter"
	default:
		role = []string{"view", "edit"}[number%2]
		subject = rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("%s-role-%d", tenant, number)}
	}
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("capsule-%s-%d-%s", tenant, number, role), Namespace: namespace,
			UID: uid("rolebinding", i*MaxRoleBindings+number), CreationTimestamp: Created,
			Labels: map[string]string{
				capsule.TenantLabel:               tenant,
				"capsule.clastix.io/role-binding": fmt.Sprintf("%016x", number),
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: tenant, UID: uid("tenant", owner)}},
		},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects: []rbacv1.Subject{subject},
	}
}

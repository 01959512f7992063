// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

var namespaces = schema.GroupResource{Resource: "namespaces"}

// TenantRef names the Tenant that a namespace claims to belong to. It counts only while the Tenant
// of that name has that uid.
type TenantRef struct {
	Name string
	UID  types.UID
}

// TenantRefOf returns the Tenant in a namespace's owner references. Only these count, because any
// user who may label a namespace can forge its labels. There must be exactly one reference to a
// Tenant, of any version of Capsule's group.
func TenantRefOf(owners []metav1.OwnerReference) (TenantRef, bool) {
	var ref TenantRef
	n := 0
	for _, o := range owners {
		if isTenant(o) {
			ref = TenantRef{Name: o.Name, UID: o.UID}
			n++
		}
	}
	return ref, n == 1 && ref.Name != "" && ref.UID != ""
}

// ClaimsTenant reports whether owner references name any Tenant.
func ClaimsTenant(owners []metav1.OwnerReference) bool { return slices.ContainsFunc(owners, isTenant) }

func isTenant(o metav1.OwnerReference) bool {
	group, _, versioned := strings.Cut(o.APIVersion, "/")
	return o.Kind == "Tenant" && versioned && group == capsule.Group
}

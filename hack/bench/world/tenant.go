// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

// ClassesOfTenant is the number of StorageClasses that an owner sees.
const ClassesOfTenant = 5

// tenant returns a Tenant with the status that Capsule writes. A ServiceAccount, too, owns TenantOf10.
func (w *World) tenant(i int) *unstructured.Unstructured {
	t := synthetic.Tenant(i)
	t.CreationTimestamp = synthetic.Created
	for _, class := range w.random("tenant", i).Perm(storageClasses - 1)[:ClassesOfTenant-1] {
		t.Spec.StorageClasses.Allowed = append(t.Spec.StorageClasses.Allowed, synthetic.StorageClassName(class+1))
	}
	slices.Sort(t.Spec.StorageClasses.Allowed)
	if i == w.TenantOf10() {
		robot := capsule.Owner{Subject: capsule.Subject{
			Kind: capsule.ServiceAccountKind, Name: serviceaccount.MakeUsername(RobotNamespace, RobotName),
		}}
		t.Spec.Owners = append(t.Spec.Owners, robot)
		t.Status.Owners = append(t.Status.Owners, robot.Subject)
	}
	u := custom(t, capsule.Tenants, "Tenant")
	first, count := w.NamespacesOf(i)
	names := make([]any, count)
	for n := range names {
		names[n] = w.NamespaceName(first + n)
	}
	status, _ := u.Object["status"].(map[string]any)
	status["namespaces"], status["size"], status["state"] = names, int64(count), "Active"
	return u
}

// NodesOf returns the number of nodes that the owner of a Tenant sees.
func (w *World) NodesOf(tenant int) int {
	first := tenant % synthetic.Pools
	return (w.nodes() - first + synthetic.Pools - 1) / synthetic.Pools
}

// Owner returns the user that owns a Tenant, and Team the group.
func (w *World) Owner(tenant int) string { return synthetic.Owner(tenant) }

// Team returns the group that owns a Tenant.
func (w *World) Team(tenant int) string { return synthetic.Team(tenant) }

// TenantName returns the name of a Tenant.
func (w *World) TenantName(tenant int) string { return synthetic.TenantName(tenant) }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cases is the table of what users see. Each case is the state of a cluster, a policy, a
// user, and the names that the user must see. The package has only data, so the same cases test the
// engine in memory, the naive reference, and the server with a real kube-apiserver. To add a case,
// add an element to one of the tables.
package cases

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/grants"
)

// Names are object names in alphabetical order, by the plural of the upstream kind, such as
// storageclasses. Kinds that are left out have none.
type Names map[string][]string

// Case is one case. A real kube-apiserver accepts its objects, with their status through the status
// subresource. A cluster can hold only one case at a time. A real cluster has more objects than
// those of a case, such as the namespace default. The expectations of a case cover only its own
// objects.
type Case struct {
	// Row is a short, stable id: a letter for the subject (A identity, B namespaces, C
	// classes, D nodes, E volumes, F ProxySettings, G GlobalProxySettings, H gate, W objects
	// of old and new Capsule versions, X scenarios) and a number. Several cases may share it.
	Row string
	// Name describes the case in words. It is unique.
	Name   string
	Policy grants.Policy
	// Before are the objects of an earlier state, if the case tests a change. They are put first.
	// Then those that Objects lacks are deleted, and the others are put.
	Before []*unstructured.Unstructured
	// Objects are the state of the cluster, in an order in which they can be created.
	Objects []*unstructured.Unstructured
	User    user.DefaultInfo
	// List is the expected result of a list.
	List Names
	// Get are the objects that the user can read by name although no list shows them.
	Get Names
	// InMemory is the reason why a real kube-apiserver cannot hold the case, or empty if it can.
	InMemory string
}

// All returns the cases. The caller owns them and may change them.
func All() []Case {
	all := slices.Concat(identity(), namespaces(), classes(), proxySettingsOfOwners(), nodes(), volumes(), namesUsedAgain(),
		proxySettings(), grantsWithinOwners(), everybody(), rules(), gate(), wire(), scenarios())
	for i := range all {
		all[i].Before, all[i].Objects = copies(all[i].Before), copies(all[i].Objects)
	}
	return all
}

// copies returns copies of the objects of a case, because the tables share some objects.
func copies(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	var own []*unstructured.Unstructured
	for _, o := range objects {
		own = append(own, o.DeepCopy())
	}
	return own
}

// Gettable returns the objects that the user can read by name: those in List and Get.
func (c *Case) Gettable() Names {
	all := maps.Clone(c.List)
	if all == nil && len(c.Get) > 0 {
		all = make(Names)
	}
	for resource, names := range c.Get {
		all[resource] = slices.Sorted(slices.Values(slices.Concat(all[resource], names)))
	}
	return all
}

// uidPlaceholder, followed by the name of a Tenant, stands for the Tenant's uid in the owner
// reference of a namespace.
const uidPlaceholder = "uid-of-tenant:"

// FillUIDs replaces the placeholders for uids of Tenants in the owner references of an object. It
// calls uidOf with the name of the Tenant. Tenants come before the namespaces that refer to them.
func FillUIDs(o *unstructured.Unstructured, uidOf func(tenant string) types.UID) {
	owners := o.GetOwnerReferences()
	for i := range owners {
		if name, ok := cutPrefix(owners[i].UID, uidPlaceholder); ok {
			owners[i].UID = uidOf(name)
		}
	}
	if len(owners) > 0 {
		o.SetOwnerReferences(owners)
	}
}

// AssignUIDs does what kube-apiserver does when Tenants are created, for runs without one: it
// gives each Tenant a uid, and fills in the placeholders.
func (c *Case) AssignUIDs() {
	uidOf := func(tenant string) types.UID { return types.UID("uid of " + tenant) }
	for _, o := range slices.Concat(c.Before, c.Objects) {
		if o.GetKind() == "Tenant" && o.GetUID() == "" {
			o.SetUID(uidOf(o.GetName()))
		}
		FillUIDs(o, uidOf)
	}
}

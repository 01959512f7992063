// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"iter"
	"maps"
	"reflect"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Binding holds the fields of a RoleBinding that grants depend on.
type Binding struct {
	Role     rbacv1.RoleRef
	Subjects []view.Subject
}

type binding struct {
	role     roleKey
	subjects []view.Subject
}

// roleKey names a Role, or a ClusterRole if it has no namespace.
type roleKey types.NamespacedName

// RoleBindings takes the cluster's RoleBindings.
func (c *Cluster) RoleBindings() *Sink[Binding] {
	return newSink(c, bindingSource, c.putBinding, c.deleteBinding, func() iter.Seq[Key] { return maps.Keys(c.bindings) })
}

// Roles takes the permissions of the cluster's Roles.
func (c *Cluster) Roles() *Sink[grants.NamespaceGet] {
	return newSink(c, "roles", c.putRole, c.deleteRole, func() iter.Seq[Key] { return c.rolesWhere(false) })
}

// ClusterRoles takes the permissions of the cluster's ClusterRoles.
func (c *Cluster) ClusterRoles() *Sink[grants.NamespaceGet] {
	return newSink(c, "clusterroles", c.putRole, c.deleteRole, func() iter.Seq[Key] { return c.rolesWhere(true) })
}

// rolesWhere returns the keys of the ClusterRoles, or of the Roles.
func (c *Cluster) rolesWhere(clusterRoles bool) iter.Seq[Key] {
	return func(yield func(Key) bool) {
		for role := range c.roles {
			if (role.Namespace == "") == clusterRoles && !yield(Key(role)) {
				return
			}
		}
	}
}

func (c *Cluster) putBinding(tx *view.Tx, item Item[Binding]) {
	if len(item.Value.Subjects) == 0 {
		c.deleteBinding(tx, item.Key) // grants nothing, whatever its role
		return
	}
	b := binding{subjects: item.Value.Subjects}
	if item.Value.Role.APIGroup == rbacv1.GroupName {
		switch item.Value.Role.Kind {
		case "Role":
			b.role = roleKey{Namespace: item.Key.Namespace, Name: item.Value.Role.Name}
		case "ClusterRole":
			b.role = roleKey{Name: item.Value.Role.Name}
		}
	}
	previous, existed := c.bindings[item.Key]
	if existed && reflect.DeepEqual(previous, b) {
		return
	}
	c.unindexBinding(item.Key)
	c.bindings[item.Key] = b
	c.boundTo.add(b.role, item.Key)
	if c.rules.Policy().TenantSubjects != grants.TenantSubjectsAny && grants.NamesEverybody(b.subjects) {
		c.everybodyIn.add(item.Key.Namespace, item.Key)
	}
	c.refreshBinding(tx, item.Key)
}

func (c *Cluster) deleteBinding(tx *view.Tx, key types.NamespacedName) {
	if _, ok := c.bindings[key]; !ok {
		return
	}
	c.unindexBinding(key)
	delete(c.bindings, key)
	c.give(tx, origin{bindingSource, key.Namespace, key.Name}, nil)
}

func (c *Cluster) unindexBinding(key types.NamespacedName) {
	c.boundTo.remove(c.bindings[key].role, key)
	c.everybodyIn.remove(key.Namespace, key)
}

func (c *Cluster) refreshBinding(tx *view.Tx, key types.NamespacedName) {
	b := c.bindings[key]
	ns := c.namespaces[key.Namespace]
	ofTenant := ns == nil || ns.tenant != "" // an unknown namespace may belong to a Tenant
	var held []grants.Held
	if c.counts(key, b) {
		held = c.rules.OfRoleBinding(key.Namespace, ofTenant, b.subjects)
	}
	c.give(tx, origin{bindingSource, key.Namespace, key.Name}, held)
}

// counts returns whether a binding shows its namespace to its subjects.
func (c *Cluster) counts(key types.NamespacedName, b binding) bool {
	switch c.rules.Policy().RoleBindingNamespaces {
	case grants.RoleBindingsAny:
		return true
	case grants.RoleBindingsRBACGet:
		return c.roles[b.role].Allows(key.Namespace)
	default:
		return false
	}
}

// refreshBindingsIn reevaluates the bindings that depend on whether their namespace belongs to
// a Tenant.
func (c *Cluster) refreshBindingsIn(tx *view.Tx, namespace string) {
	for key := range c.everybodyIn[namespace].All() {
		c.refreshBinding(tx, key)
	}
}

func (c *Cluster) putRole(tx *view.Tx, item Item[grants.NamespaceGet]) {
	c.setRole(tx, roleKey(item.Key), item.Value)
}

func (c *Cluster) deleteRole(tx *view.Tx, key types.NamespacedName) {
	c.setRole(tx, roleKey(key), grants.NamespaceGet{})
}

// setRole sets what a role allows, and reevaluates those of its bindings that the change
// affects. It looks names up and never iterates over them: a ClusterRole can have hundreds of
// thousands.
func (c *Cluster) setRole(tx *view.Tx, role roleKey, allowed grants.NamespaceGet) {
	previous := c.roles[role]
	if allowed.IsZero() {
		delete(c.roles, role)
	} else {
		c.roles[role] = allowed
	}
	if allowed.SameEverywhere(previous) {
		return
	}
	for key := range c.boundTo[role].All() {
		if allowed.Allows(key.Namespace) != previous.Allows(key.Namespace) {
			c.refreshBinding(tx, key)
		}
	}
}

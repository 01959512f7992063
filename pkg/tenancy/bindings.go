// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"reflect"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Binding is what matters of a RoleBinding.
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
	return newSink(c, bindingSource, c.putBinding, c.deleteBinding)
}

// Roles takes what the cluster's Roles allow.
func (c *Cluster) Roles() *Sink[grants.NamespaceGet] {
	return newSink(c, "roles", c.putRole, c.deleteRole)
}

// ClusterRoles takes what the cluster's ClusterRoles allow.
func (c *Cluster) ClusterRoles() *Sink[grants.NamespaceGet] {
	return newSink(c, "clusterroles", c.putRole, c.deleteRole)
}

func (c *Cluster) putBinding(tx *view.Tx, item Item[Binding]) {
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
	c.boundTo.remove(previous.role, item.Key)
	c.bindings[item.Key] = b
	c.boundTo.add(b.role, item.Key)
	c.refreshBinding(tx, item.Key)
}

func (c *Cluster) deleteBinding(tx *view.Tx, key types.NamespacedName) {
	c.boundTo.remove(c.bindings[key].role, key)
	delete(c.bindings, key)
	c.give(tx, origin{bindingSource, key.Namespace, key.Name}, nil)
}

func (c *Cluster) refreshBinding(tx *view.Tx, key types.NamespacedName) {
	b := c.bindings[key]
	var held []grants.Held
	switch c.rules.Policy().RoleBindingNamespaces {
	case grants.RoleBindingsAny:
		held = c.rules.OfRoleBinding(key.Namespace, b.subjects)
	case grants.RoleBindingsRBACGet:
		if c.roles[b.role].Allows(key.Namespace) {
			held = c.rules.OfRoleBinding(key.Namespace, b.subjects)
		}
	}
	c.give(tx, origin{bindingSource, key.Namespace, key.Name}, held)
}

func (c *Cluster) putRole(tx *view.Tx, item Item[grants.NamespaceGet]) {
	key := roleKey(item.Key)
	if reflect.DeepEqual(c.roles[key], item.Value) {
		return
	}
	if item.Value.Any || len(item.Value.Names) > 0 {
		c.roles[key] = item.Value
	} else {
		delete(c.roles, key)
	}
	c.refreshBoundTo(tx, key)
}

func (c *Cluster) deleteRole(tx *view.Tx, key types.NamespacedName) {
	if _, ok := c.roles[roleKey(key)]; ok {
		delete(c.roles, roleKey(key))
		c.refreshBoundTo(tx, roleKey(key))
	}
}

func (c *Cluster) refreshBoundTo(tx *view.Tx, role roleKey) {
	for key := range c.boundTo[role] {
		c.refreshBinding(tx, key)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// namespace is what decides which Tenant a namespace belongs to.
type namespace struct {
	ref grants.TenantRef
	// hasRef is false if the owner references name no Tenant, or more than one.
	hasRef bool
	// claims is true if the owner references name any Tenant.
	claims bool
	// label is the value of Capsule's label, which decides nothing.
	label string
	// tenant is the Tenant that the namespace belongs to, or "".
	tenant string
	// created is the creation time in seconds since 1970. kube-apiserver sets it.
	created int64
}

// Namespace is an object with what decides which Tenant it belongs to.
type Namespace struct {
	Object
	ref            grants.TenantRef
	hasRef, claims bool
	label          string
	created        int64
}

// NewNamespace is like NewObject.
func NewNamespace(o *corev1.Namespace) (Namespace, error) {
	ns := Namespace{claims: grants.ClaimsTenant(o.OwnerReferences), label: intern(o.Labels[capsule.TenantLabel]), created: o.CreationTimestamp.Unix()}
	ns.ref, ns.hasRef = grants.TenantRefOf(o.OwnerReferences)
	ns.ref.Name, ns.ref.UID = intern(ns.ref.Name), intern(ns.ref.UID)
	var err error
	ns.Object, err = NewObject(o)
	return ns, err
}

// Namespaces takes the cluster's namespaces.
func (c *Cluster) Namespaces() *Sink[Namespace] {
	return newSink(c, namespaceSource, c.putNamespace, c.deleteNamespace, keysOf(c.namespaces), c.views[namespaceResource])
}

func (c *Cluster) putNamespace(tx *view.Tx, item Item[Namespace]) {
	name := item.Key.Name
	ns, existed := c.namespaces[name]
	if !existed {
		ns = &namespace{}
		c.namespaces[name] = ns
	}
	c.referrers.remove(ns.ref.Name, name)
	ns.ref, ns.hasRef, ns.claims, ns.label = item.Value.ref, item.Value.hasRef, item.Value.claims, item.Value.label
	if ns.hasRef {
		c.referrers.add(ns.ref.Name, name)
	}
	// A source that has lost its connection may miss the deletion in between.
	recreated := !existed || ns.created != item.Value.created
	ns.created = item.Value.created
	tenant := c.tenantOf(ns)
	tx.Put(c.views[namespaceResource], published(name, &item.Value.Object, item.Version, tenant))
	c.move(tx, name, ns, tenant, recreated)
}

func (c *Cluster) deleteNamespace(tx *view.Tx, key types.NamespacedName) {
	ns := c.namespaces[key.Name]
	if ns == nil {
		return
	}
	c.referrers.remove(ns.ref.Name, key.Name)
	delete(c.namespaces, key.Name)
	tx.Delete(c.views[namespaceResource], key.Name)
	c.refreshDependents(tx, key.Name)
}

// refreshNamespace reevaluates which Tenant a namespace belongs to.
func (c *Cluster) refreshNamespace(tx *view.Tx, name string) {
	ns := c.namespaces[name]
	tenant := c.tenantOf(ns)
	tx.SetPartition(c.views[namespaceResource], name, tenant)
	c.move(tx, name, ns, tenant, false)
}

// move records the Tenant of a namespace and applies the change to what is in the namespace.
func (c *Cluster) move(tx *view.Tx, name string, ns *namespace, tenant string, recreated bool) {
	moved := ns.tenant != tenant
	ns.tenant = tenant
	c.problems.set(origin{source: namespaceSource, name: name}, ns.problems())
	if moved || recreated {
		c.refreshDependents(tx, name)
	}
}

// refreshDependents reevaluates everything that depends on a namespace.
func (c *Cluster) refreshDependents(tx *view.Tx, name string) {
	for _, pv := range inOrder(c.claimed[name]) {
		c.refreshVolume(tx, pv)
	}
	c.refreshSettingsIn(name)
	c.refreshBindingsIn(tx, name)
}

// tenantOf fails closed: in case of doubt, a namespace belongs to no Tenant.
func (c *Cluster) tenantOf(ns *namespace) string {
	if !ns.hasRef {
		return ""
	}
	if t := c.tenants[ns.ref.Name]; t == nil || t.UID != ns.ref.UID {
		return ""
	}
	return ns.ref.Name
}

func (ns *namespace) problems() []grants.Problem {
	switch {
	case ns.claims && ns.tenant == "":
		return []grants.Problem{{Reason: grants.ReasonTenant, Detail: "owner references do not name exactly one Tenant that exists"}}
	case ns.label != "" && ns.label != ns.tenant:
		return []grants.Problem{{Reason: grants.ReasonTenant, Detail: fmt.Sprintf("label names Tenant %q, owner reference %q", ns.label, ns.tenant)}}
	default:
		return nil
	}
}

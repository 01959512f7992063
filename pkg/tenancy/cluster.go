// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// The resources that are treated in a way of their own, if they are among the kinds.
var (
	namespaceResource = schema.GroupResource{Resource: "namespaces"}
	volumeResource    = schema.GroupResource{Resource: "persistentvolumes"}
)

// Cluster is the state of a cluster that decides who sees what. Its sinks may be called
// from many goroutines; changes are applied in the order of the calls.
type Cluster struct {
	rules *grants.Rules
	set   *view.Set
	views map[schema.GroupResource]*view.View
	gate  atomic.Pointer[gate]
	// observe is told how long each change took to apply.
	observe func(time.Duration)

	// mu makes the Cluster the one writer of the views. It guards all below.
	mu         sync.Mutex
	tenants    map[string]*capsule.Tenant
	namespaces map[string]*namespace
	volumes    map[string]volume
	settings   map[types.NamespacedName]*setting
	bindings   map[types.NamespacedName]binding
	roles      map[roleKey]grants.NamespaceGet
	// held are the grants that each origin has given.
	held     map[origin][]grants.Held
	problems problems

	// referrers are the namespaces whose references name a Tenant, by its name.
	referrers index[string, string]
	// claimed are the volumes whose claim is in a namespace, by its name.
	claimed index[string, string]
	// labelled are the volumes whose label names a Tenant, by its name.
	labelled index[string, string]
	// settingsIn are the ProxySettings in a namespace, by its name.
	settingsIn index[string, types.NamespacedName]
	// settingsOf are the ProxySettings in the namespaces of a Tenant, by its name.
	settingsOf index[string, types.NamespacedName]
	// pendingSettings are the Tenants of which the transaction that runs has changed what their
	// ProxySettings grant.
	pendingSettings tenantSet
	// boundTo are the role bindings to a role.
	boundTo index[roleKey, types.NamespacedName]
	// everybodyIn are the role bindings in a namespace, by its name, of which some subjects
	// count only while the namespace belongs to no Tenant.
	everybodyIn index[string, types.NamespacedName]
}

// New returns the state of an empty cluster. observe, if it is not nil, is told how long
// each change took to apply; it must not call the Cluster.
func New(kinds []grants.Kind, policy grants.Policy, observe func(time.Duration)) *Cluster {
	resources := make([]string, len(kinds))
	for i := range kinds {
		resources[i] = kinds[i].Upstream.GroupResource().String()
	}
	if observe == nil {
		observe = func(time.Duration) {}
	}
	c := &Cluster{
		rules:           grants.NewRules(kinds, policy),
		set:             view.NewSet(resources...),
		views:           make(map[schema.GroupResource]*view.View, len(kinds)),
		observe:         observe,
		tenants:         make(map[string]*capsule.Tenant),
		namespaces:      make(map[string]*namespace),
		volumes:         make(map[string]volume),
		settings:        make(map[types.NamespacedName]*setting),
		bindings:        make(map[types.NamespacedName]binding),
		roles:           make(map[roleKey]grants.NamespaceGet),
		held:            make(map[origin][]grants.Held),
		problems:        newProblems(),
		referrers:       make(index[string, string]),
		claimed:         make(index[string, string]),
		labelled:        make(index[string, string]),
		settingsIn:      make(index[string, types.NamespacedName]),
		settingsOf:      make(index[string, types.NamespacedName]),
		pendingSettings: make(tenantSet),
		boundTo:         make(index[roleKey, types.NamespacedName]),
		everybodyIn:     make(index[string, types.NamespacedName]),
	}
	for i := range kinds {
		r := kinds[i].Upstream.GroupResource()
		c.views[r] = c.set.View(r.String())
	}
	c.gate.Store(newGate(&grants.Gate{}))
	c.problems.set(configurationOrigin, c.missing(configurationOrigin))
	return c
}

// Policy returns the policy that the cluster's views follow.
func (c *Cluster) Policy() grants.Policy { return c.rules.Policy() }

// View returns the view of an upstream resource; nil if it is not among the kinds.
func (c *Cluster) View(resource schema.GroupResource) *view.View { return c.views[resource] }

// Viewer returns what a user may see by grants: not by RBAC on the upstream resources.
func (c *Cluster) Viewer(u user.Info) view.Viewer {
	subjects := grants.Subjects(u)
	if c.rules.Policy().CapsuleUsersOnly && !c.gate.Load().rules.Admits(subjects) {
		return view.Viewer{}
	}
	return view.Viewer{Subjects: subjects}
}

// Changed returns a channel that is closed when Viewer may answer otherwise than before.
func (c *Cluster) Changed() <-chan struct{} { return c.gate.Load().replaced }

// gate is the gate that holds until it is replaced.
type gate struct {
	rules    *grants.Gate
	replaced chan struct{}
}

func newGate(rules *grants.Gate) *gate { return &gate{rules, make(chan struct{})} }

// setGate replaces the gate, if it is another than before: everybody who watches asks then.
func (c *Cluster) setGate(rules *grants.Gate) {
	if rules.Equal(c.gate.Load().rules) {
		return
	}
	close(c.gate.Swap(newGate(rules)).replaced)
}

// GoLive says that every source has delivered its first list.
func (c *Cluster) GoLive() {
	c.update(0, func(tx *view.Tx) {
		tx.GoLive()
		c.problems.goLive()
	})
}

// update applies one change.
func (c *Cluster) update(cause uint64, change func(*view.Tx)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := time.Now()
	c.set.Update(cause, func(tx *view.Tx) {
		change(tx)
		c.refreshPendingSettings(tx)
	})
	c.observe(time.Since(start))
}

// origin is what has given grants: an object of one source.
type origin struct {
	source          string
	namespace, name string
}

// give makes held the grants of an origin. What stays is not interrupted: the new grants
// are given before the old ones are taken.
func (c *Cluster) give(tx *view.Tx, from origin, held []grants.Held) {
	for i := range held {
		if v := c.views[held[i].Resource]; v != nil {
			tx.Grant(v, held[i].Subject, held[i].Grant)
		}
	}
	for _, h := range c.held[from] {
		if v := c.views[h.Resource]; v != nil {
			tx.Revoke(v, h.Subject, h.Grant)
		}
	}
	if len(held) == 0 {
		delete(c.held, from)
		return
	}
	c.held[from] = held
}

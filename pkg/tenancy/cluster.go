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

// The resources that get special treatment, if they are among the kinds.
var (
	namespaceResource = schema.GroupResource{Resource: "namespaces"}
	volumeResource    = schema.GroupResource{Resource: "persistentvolumes"}
)

// Cluster is the state of a cluster that decides what each user sees. Any number of goroutines
// may call its sinks. It applies changes in the order of the calls.
type Cluster struct {
	rules *grants.Rules
	set   *view.Set
	views map[schema.GroupResource]*view.View
	gate  atomic.Pointer[gate]
	// observe is called with the time that each change took to apply.
	observe func(time.Duration)

	// indexing admits one maker of granted. It guards indexed, which is true when granted is complete.
	indexing sync.Mutex
	indexed  bool

	// mu makes the Cluster the only writer of the views. It guards all fields below.
	mu         sync.Mutex
	tenants    map[string]*capsule.Tenant
	namespaces map[string]*namespace
	volumes    map[string]volume
	settings   map[types.NamespacedName]*setting
	globals    map[string]*capsule.GlobalProxySetting
	bindings   map[types.NamespacedName]binding
	roles      map[roleKey]grants.NamespaceGet
	// held are the grants that each origin gives.
	held map[origin][]grants.Held
	// granted maps each subject to the origins that grant it something. It is nil until Explain needs
	// it; see indexGranted.
	granted  index[view.Subject, origin]
	problems problems

	// referrers maps a Tenant's name to the namespaces whose owner references name it.
	referrers index[string, string]
	// claimed maps a namespace's name to the volumes whose claim is in it.
	claimed index[string, string]
	// labelled maps a Tenant's name to the volumes whose label names it.
	labelled index[string, string]
	// settingsIn maps a namespace's name to the ProxySettings in it.
	settingsIn index[string, types.NamespacedName]
	// settingsOf maps a Tenant's name to the ProxySettings in its namespaces.
	settingsOf index[string, types.NamespacedName]
	// applied maps a Tenant's name to its ProxySettings as their grants were worked out last, in order.
	// The slices are immutable.
	applied map[string][]*capsule.ProxySetting
	// pendingSettings are the Tenants for which the running transaction has changed what their
	// ProxySettings grant.
	pendingSettings pendingTenants
	pace            pace
	// now is time.Now, but in tests.
	now func() time.Time
	// boundTo maps a role to its role bindings.
	boundTo index[roleKey, types.NamespacedName]
	// everybodyIn maps a namespace's name to the role bindings in it that have subjects which
	// count only while the namespace belongs to no Tenant.
	everybodyIn index[string, types.NamespacedName]
}

// New returns the state of an empty cluster. It calls observe, unless nil, with the time that
// each change took to apply. observe must not call the Cluster.
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
		now:             time.Now,
		observe:         observe,
		tenants:         make(map[string]*capsule.Tenant),
		namespaces:      make(map[string]*namespace),
		volumes:         make(map[string]volume),
		settings:        make(map[types.NamespacedName]*setting),
		globals:         make(map[string]*capsule.GlobalProxySetting),
		bindings:        make(map[types.NamespacedName]binding),
		roles:           make(map[roleKey]grants.NamespaceGet),
		held:            make(map[origin][]grants.Held),
		problems:        newProblems(),
		referrers:       make(index[string, string]),
		claimed:         make(index[string, string]),
		labelled:        make(index[string, string]),
		settingsIn:      make(index[string, types.NamespacedName]),
		settingsOf:      make(index[string, types.NamespacedName]),
		applied:         make(map[string][]*capsule.ProxySetting),
		pendingSettings: make(pendingTenants),
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

// Viewer returns the viewer that holds a user's grants. RBAC on the upstream resources does not
// count here.
func (c *Cluster) Viewer(u user.Info) view.Viewer {
	subjects := grants.Subjects(u)
	if c.rules.Policy().CapsuleUsersOnly && !c.gate.Load().rules.Admits(subjects) {
		return view.Viewer{}
	}
	return view.Viewer{Subjects: subjects}
}

// Changed returns a channel that is closed when the results of Viewer may have changed.
func (c *Cluster) Changed() <-chan struct{} { return c.gate.Load().replaced }

// gate holds the rules of the gate and a channel that is closed when they are replaced.
type gate struct {
	rules    *grants.Gate
	replaced chan struct{}
}

func newGate(rules *grants.Gate) *gate { return &gate{rules, make(chan struct{})} }

// setGate replaces the gate if it has changed. Every watch then asks for its viewer again.
func (c *Cluster) setGate(rules *grants.Gate) {
	if rules.Equal(c.gate.Load().rules) {
		return
	}
	close(c.gate.Swap(newGate(rules)).replaced)
}

// GoLive records that every source has delivered its first list.
func (c *Cluster) GoLive() {
	c.update(0, func(tx *view.Tx) {
		tx.GoLive()
		c.problems.goLive()
		for tenant := range c.pendingSettings {
			c.pendingSettings.add(tenant, true) // the first answers must be right
		}
	})
}

// update applies one change.
func (c *Cluster) update(cause uint64, change func(*view.Tx)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := c.now()
	var paced []string
	c.set.Update(cause, func(tx *view.Tx) {
		change(tx)
		paced = c.refreshPendingSettings(tx)
	})
	now := c.now()
	c.pace.took(paced, now.Sub(start), now)
	c.resumeSettings()
	c.observe(now.Sub(start))
}

// origin is an object of one source that gives grants.
type origin struct {
	source          string
	namespace, name string
}

// give replaces the grants of an origin. It gives the new grants before it revokes the old ones,
// so that grants in both sets are not interrupted.
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
	if c.granted != nil {
		c.forgetGranted(from, c.held[from])
		c.noteGranted(from, held)
	}
	if len(held) == 0 {
		delete(c.held, from)
		return
	}
	c.held[from] = held
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// inputs are the objects that a question about reasons is about. They are immutable, so they are
// evaluated while changes go on.
type inputs struct {
	tenants  []*capsule.Tenant
	settings []settingsInput
	globals  []*capsule.GlobalProxySetting
	bindings []bindingInput
}

// settingsInput are the ProxySettings of a Tenant that are in effect, in their order.
type settingsInput struct {
	tenant   *capsule.Tenant
	settings []*capsule.ProxySetting
}

type bindingInput struct {
	key      types.NamespacedName
	tenant   string
	ofTenant bool
	subjects []view.Subject
}

// maxBindings is the number of RoleBindings that one question is about, besides those in the namespace
// that it names: users can write any number of them.
const maxBindings = 1000

// Explain returns the grants that a user holds on a resource, each with its origin. It evaluates
// again the objects that grant him something, and no others: the server does not remember origins.
// If very many RoleBindings grant him something, it leaves out more of them, but none that shows the
// namespace of that name. It returns nothing if the resource is not among the kinds.
func (c *Cluster) Explain(u user.Info, resource schema.GroupResource, name string) (traced []grants.Traced, more int) {
	subjects := c.Viewer(u).Subjects
	trace := c.rules.NewTrace(resource, subjects, false)
	if trace == nil {
		return nil, 0
	}
	origins, more := c.originsFor(subjects, resource, name)
	in := &inputs{}
	for step := range slices.Chunk(origins, indexStep) {
		c.mu.Lock()
		for _, from := range step {
			c.addTo(in, from)
		}
		c.mu.Unlock()
	}
	in.evaluate(trace)
	return inOrderOfOrigin(trace.Grants), more
}

// originsFor returns the origins that grant something to the subjects, in a fixed order, and how many
// it leaves out.
func (c *Cluster) originsFor(subjects []view.Subject, resource schema.GroupResource, name string) (origins []origin, more int) {
	c.indexGranted()
	c.mu.Lock()
	for _, s := range subjects {
		for from := range c.granted[s].All() {
			if from.source != bindingSource || resource == namespaceResource {
				origins = append(origins, from)
			}
		}
	}
	c.mu.Unlock()
	slices.SortFunc(origins, func(a, b origin) int {
		return cmp.Or(strings.Compare(a.source, b.source), strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name))
	})
	bindings := 0
	kept := slices.DeleteFunc(slices.Compact(origins), func(o origin) bool {
		if o.source != bindingSource || o.namespace == name {
			return false
		}
		bindings++
		return bindings > maxBindings
	})
	return kept, max(bindings-maxBindings, 0)
}

// addTo adds the object of an origin, if it still exists.
func (c *Cluster) addTo(in *inputs, from origin) {
	switch from.source {
	case tenantSource:
		if t := c.tenants[from.name]; t != nil {
			in.tenants = append(in.tenants, t)
		}
	case settingSource:
		if t := c.tenants[from.name]; t != nil { // its settings may be worked out later
			in.settings = append(in.settings, settingsInput{t, c.applied[from.name]})
		}
	case globalSettingSource:
		if s := c.globals[from.name]; s != nil {
			in.globals = append(in.globals, s)
		}
	case bindingSource:
		in.bindings = append(in.bindings, c.bindingInput(types.NamespacedName{Namespace: from.namespace, Name: from.name}))
	}
}

func (c *Cluster) bindingInput(key types.NamespacedName) bindingInput {
	ns := c.namespaces[key.Namespace]
	b := bindingInput{key: key, ofTenant: ns == nil || ns.tenant != "", subjects: c.bindings[key].subjects}
	if ns != nil {
		b.tenant = ns.tenant
	}
	return b
}

// evaluate works out what the objects grant to the subjects of the trace.
func (in *inputs) evaluate(trace *grants.Trace) {
	for _, t := range in.tenants {
		trace.Tenant(t)
	}
	for _, s := range in.settings {
		trace.ProxySettings(s.settings, s.tenant)
	}
	for _, s := range in.globals {
		trace.GlobalProxySetting(s)
	}
	for _, b := range in.bindings {
		trace.RoleBinding(b.key.Namespace, b.key.Name, b.tenant, b.ofTenant, b.subjects)
	}
}

// inOrderOfOrigin sorts grants: those of Tenants come first, and the same question always gets the
// same answer.
func inOrderOfOrigin(traced []grants.Traced) []grants.Traced {
	rank := map[string]int{grants.TenantSource: 1, grants.ProxySettingSource: 2, grants.GlobalProxySettingsSource: 3, grants.RoleBindingSource: 4}
	slices.SortStableFunc(traced, func(a, b grants.Traced) int {
		return cmp.Or(cmp.Compare(rank[a.Source], rank[b.Source]), compareOrigins(a.Origin, b.Origin))
	})
	return traced
}

// compareOrigins compares all but the parts of objects, which are in order already.
func compareOrigins(a, b grants.Origin) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Name, b.Name))
}

// indexGranted makes the index of what each subject is granted. It exists only after the first
// question, because clusters in which nobody asks should not pay for it. From then on, give keeps
// it up to date. It is made in many steps, so that changes need not wait for the whole of it.
func (c *Cluster) indexGranted() {
	c.indexing.Lock()
	defer c.indexing.Unlock()
	if c.indexed {
		return
	}
	c.mu.Lock()
	c.granted = make(index[view.Subject, origin])
	c.mu.Unlock()
	inSteps(c, c.held, c.noteGranted)
	c.indexed = true
}

// indexStep is the number of origins that are indexed, or looked up, while changes wait.
const indexStep = 100

// inSteps calls do for each key of one of the maps of c, with mu held, but in many steps, so that changes
// need not wait for the whole. It may leave out what is added meanwhile. The map must never be replaced.
func inSteps[K comparable, V any](c *Cluster, all map[K]V, do func(K, V)) {
	c.mu.Lock()
	keys := slices.Collect(maps.Keys(all))
	c.mu.Unlock()
	for step := range slices.Chunk(keys, indexStep) {
		c.mu.Lock()
		for _, key := range step {
			if value, ok := all[key]; ok {
				do(key, value)
			}
		}
		c.mu.Unlock()
	}
}

func (c *Cluster) noteGranted(from origin, held []grants.Held) {
	for i := range held {
		c.granted.add(held[i].Subject, from)
	}
}

func (c *Cluster) forgetGranted(from origin, held []grants.Held) {
	for i := range held {
		c.granted.remove(held[i].Subject, from)
	}
}

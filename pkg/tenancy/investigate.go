// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// Investigate is Explain, and also returns what almost grants the user something on the resource, or
// on its object of that name unless name is "". It is for administrators: it reads all Tenants and
// settings, and the result names objects that the user may not see.
func (c *Cluster) Investigate(u user.Info, resource schema.GroupResource, name string) ([]grants.Traced, []grants.Miss) {
	trace := c.rules.NewTrace(resource, grants.Subjects(u), true)
	if trace == nil {
		return nil, nil
	}
	in, outside := c.concerning(trace, resource, name)
	in.evaluate(trace)
	for _, m := range outside {
		trace.NoteMiss(m)
	}
	if resource == namespaceResource {
		c.noteOldReferences(trace)
	}
	c.noteGated(trace, u)
	slices.SortStableFunc(trace.Misses, func(a, b grants.Miss) int { return compareOrigins(a.Origin, b.Origin) })
	return inOrderOfOrigin(trace.Grants), slices.Compact(trace.Misses)
}

// concerning returns the objects that name the user, or almost name him. It also returns the misses
// that are no matter of a Tenant: ProxySettings outside of Tenants, and facts about the object.
func (c *Cluster) concerning(trace *grants.Trace, resource schema.GroupResource, name string) (*inputs, []grants.Miss) {
	in := &inputs{}
	inSteps(c, c.tenants, func(tenant string, t *capsule.Tenant) {
		if ownersConcern(trace, t) {
			in.tenants = append(in.tenants, t)
		}
		if applied := c.applied[tenant]; slices.ContainsFunc(applied, func(s *capsule.ProxySetting) bool { return settingConcerns(trace, s) }) {
			in.settings = append(in.settings, settingsInput{t, applied})
		}
	})
	inSteps(c, c.globals, func(_ string, s *capsule.GlobalProxySetting) { in.globals = append(in.globals, s) })
	outside := c.settingsOutside(trace)
	switch resource {
	case namespaceResource:
		outside = append(outside, c.bindingsConcerning(in, trace, name)...)
		c.mu.Lock()
		defer c.mu.Unlock()
		outside = append(outside, c.factsOfNamespace(name)...)
	case volumeResource:
		c.mu.Lock()
		defer c.mu.Unlock()
		outside = append(outside, c.factsOfVolume(name)...)
	}
	return in, outside
}

func ownersConcern(trace *grants.Trace, t *capsule.Tenant) bool {
	return slices.ContainsFunc(t.Spec.Owners, func(o capsule.Owner) bool { return concerns(trace, o.Subject) }) ||
		slices.ContainsFunc(t.Status.Owners, func(s capsule.Subject) bool { return concerns(trace, s) })
}

func settingConcerns(trace *grants.Trace, s *capsule.ProxySetting) bool {
	return slices.ContainsFunc(s.Spec.Subjects, func(e capsule.ProxySubject) bool { return concerns(trace, e.Subject) })
}

func concerns(trace *grants.Trace, s capsule.Subject) bool {
	return s.Name != "" && trace.Concerns(view.Subject{Group: s.Kind == capsule.GroupKind, Name: s.Name})
}

// settingsOutside returns the ProxySettings that name the user in namespaces without a Tenant.
func (c *Cluster) settingsOutside(trace *grants.Trace) []grants.Miss {
	var misses []grants.Miss
	inSteps(c, c.settings, func(key types.NamespacedName, s *setting) {
		if s.tenant != "" || !settingConcerns(trace, s.ProxySetting) {
			return
		}
		at := grants.Origin{Source: grants.ProxySettingSource, Namespace: key.Namespace, Name: key.Name}
		misses = append(misses, grants.Miss{Origin: at, Reason: fmt.Sprintf("it names the user, but the namespace %s belongs to no Tenant", key.Namespace)})
		misses = append(misses, c.factsOfNamespace(key.Namespace)...)
	})
	return misses
}

// bindingsConcerning adds the RoleBindings that name the user and grant something. It returns those
// in one namespace that name him and grant nothing.
func (c *Cluster) bindingsConcerning(in *inputs, trace *grants.Trace, namespace string) []grants.Miss {
	var misses []grants.Miss
	inSteps(c, c.bindings, func(key types.NamespacedName, b binding) {
		if !slices.ContainsFunc(b.subjects, trace.Concerns) {
			return
		}
		if c.counts(key, b) {
			in.bindings = append(in.bindings, c.bindingInput(key))
		} else if key.Namespace == namespace {
			at := grants.Origin{Source: grants.RoleBindingSource, Namespace: key.Namespace, Name: key.Name}
			misses = append(misses, grants.Miss{Origin: at, Reason: fmt.Sprintf(
				"it names the user, but its role does not exist, or does not allow to get the namespace (--role-binding-namespaces=%s)", c.rules.Policy().RoleBindingNamespaces)})
		}
	})
	return misses
}

// noteGated turns the grants of a user who is no user of Capsule into misses, if that counts.
func (c *Cluster) noteGated(trace *grants.Trace, u user.Info) {
	if len(c.Viewer(u).Subjects) > 0 {
		return
	}
	for _, g := range trace.Grants {
		trace.NoteMiss(grants.Miss{Origin: g.Origin, Reason: "Capsule's configuration does not name the user, so only native RBAC counts (--capsule-users-only)"})
	}
	trace.Grants = nil
}

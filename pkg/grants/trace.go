// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Kinds of objects that grant, the values of Origin.Source.
const (
	TenantSource              = "Tenant"
	ProxySettingSource        = "ProxySetting"
	GlobalProxySettingsSource = "GlobalProxySettings"
	RoleBindingSource         = "RoleBinding"
)

// Origin is the part of an object that gives a grant.
type Origin struct {
	// Source is the kind of the object.
	Source string
	// Tenant is the Tenant that the object belongs to, or that it is.
	Tenant string
	// Namespace and Name are those of the object.
	Namespace, Name string
	// Entry is the part of the object that names the subject, such as spec.owners[0]. Rule is the part
	// in it that grants, such as clusterResources[0] or proxySettings, or "" if it needs none.
	Entry, Rule string
}

// Traced is a grant with its origin.
type Traced struct {
	Held
	Origin
	// Selected is what the origin selects. The grant has fewer objects if it is also Bounded by what
	// the Tenant itself may see. OfTenant is true if Selected is what the Tenant may see.
	Selected          view.Criterion
	Bounded, OfTenant bool
}

// Miss is a part of an object that concerns the subjects and grants them nothing.
type Miss struct {
	Origin
	// Reason says why, in words.
	Reason string
}

// Trace works out what objects grant to some subjects, by the functions of Rules, and remembers
// where each grant comes from. It is for questions about reasons: it costs more than Rules, and
// does not merge grants. It treats only one kind. A nil Trace, which Rules use otherwise, does
// nothing.
type Trace struct {
	// Grants are those that the subjects hold.
	Grants []Traced
	// Misses are what the subjects do not hold. They are empty unless wanted.
	Misses []Miss

	rules    *Rules
	subjects map[view.Subject]bool
	// names maps the names of the subjects in lower case to the subjects: a user and a group may have the
	// same. It is nil unless misses are wanted.
	names map[string][]view.Subject

	// at is the current part. inside is true if it names one of the subjects.
	at     Origin
	inside bool
	// ofTenant are the problems of a Tenant itself. They count if the Tenant concerns the subjects.
	// bounding is true while they are found.
	ofTenant []Miss
	bounding bool
	// now describes the grants that are added next. added are those of the running object.
	now   Traced
	added []Traced
	parts []Traced
}

// NewTrace returns the empty trace of one upstream resource for the subjects; nil if the resource is
// not among the kinds. misses says whether it notes what grants nothing.
func (r *Rules) NewTrace(resource schema.GroupResource, subjects []view.Subject, misses bool) *Trace {
	kind := slices.IndexFunc(r.kinds, func(k Kind) bool { return k.Upstream.GroupResource() == resource })
	if kind < 0 {
		return nil
	}
	t := &Trace{rules: &Rules{kinds: r.kinds[kind : kind+1], policy: r.policy}, subjects: make(map[view.Subject]bool, len(subjects))}
	for _, s := range subjects {
		t.subjects[s] = true
	}
	if misses {
		t.names = make(map[string][]view.Subject, len(subjects))
		for _, s := range subjects {
			name := strings.ToLower(s.Name)
			t.names[name] = append(t.names[name], s)
		}
	}
	return t
}

// Tenant adds what a Tenant grants to its owners.
func (t *Trace) Tenant(tenant *capsule.Tenant) {
	t.begin(Origin{Source: TenantSource, Tenant: tenant.Name, Name: tenant.Name})
	t.rules.ofTenant(tenant, t)
}

// ProxySettings adds what the ProxySettings of a Tenant grant. They must be all of them, in the
// order of Rules.OfProxySettings.
func (t *Trace) ProxySettings(settings []*capsule.ProxySetting, tenant *capsule.Tenant) {
	t.begin(Origin{Source: ProxySettingSource, Tenant: tenant.Name})
	t.rules.ofProxySettingsOf(settings, tenant, t)
}

// GlobalProxySetting adds what a GlobalProxySettings grants.
func (t *Trace) GlobalProxySetting(s *capsule.GlobalProxySetting) {
	t.begin(Origin{Source: GlobalProxySettingsSource, Name: s.Name})
	t.rules.ofGlobalProxySetting(s, t)
}

// RoleBinding adds what a RoleBinding grants: see Rules.OfRoleBinding.
func (t *Trace) RoleBinding(namespace, name, tenant string, ofTenant bool, subjects []view.Subject) {
	t.begin(Origin{Source: RoleBindingSource, Namespace: namespace, Name: name, Tenant: tenant})
	t.rules.ofRoleBinding(namespace, ofTenant, subjects, t)
}

// NoteMiss adds a miss that the caller has found.
func (t *Trace) NoteMiss(m Miss) {
	if t.names != nil {
		t.Misses = append(t.Misses, m)
	}
}

// Concerns returns whether one of the subjects is meant, or almost meant.
func (t *Trace) Concerns(s view.Subject) bool {
	if t.subjects[s] {
		return true
	}
	_, near := t.near(s)
	return near
}

// near returns the subject that is almost meant by s: if possible, one of the same kind.
func (t *Trace) near(s view.Subject) (near view.Subject, found bool) {
	if t.names == nil {
		return view.Subject{}, false
	}
	for _, candidate := range t.names[strings.ToLower(s.Name)] {
		if !found || candidate.Group == s.Group {
			near, found = candidate, true
		}
	}
	return near, found
}

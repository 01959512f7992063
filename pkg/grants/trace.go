// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
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
	// names maps the names of the subjects in lower case to the subjects. It is nil unless misses are
	// wanted.
	names map[string]view.Subject

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
		t.names = make(map[string]view.Subject, len(subjects))
		for _, s := range subjects {
			t.names[strings.ToLower(s.Name)] = s
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
	_, near := t.names[strings.ToLower(s.Name)]
	return t.subjects[s] || near
}

func (t *Trace) begin(at Origin) {
	t.at, t.inside, t.added, t.parts = at, false, nil, nil
	t.ofTenant, t.bounding = nil, true
}

// object says which of several objects comes next.
func (t *Trace) object(namespace, name string) {
	if t != nil {
		t.at.Namespace, t.at.Name, t.inside = namespace, name, false
	}
}

// enters says that the entry with this number in a list comes next, and returns whether it is to be
// evaluated.
func (t *Trace) enters(subject view.Subject, list string, i int) bool {
	if t == nil {
		return true
	}
	t.at.Entry, t.at.Rule = fmt.Sprintf("%s[%d]", list, i), ""
	t.inside, t.bounding = t.subjects[subject], false
	if t.inside {
		for _, m := range t.ofTenant {
			t.NoteMiss(m)
		}
		t.ofTenant = nil
	}
	if near, ok := t.names[strings.ToLower(subject.Name)]; ok && !t.inside {
		t.inside = true
		switch {
		case near.Name != subject.Name:
			t.missf("it names %s, but the user has %s: names must be equal in case", described(subject), described(near))
		case near.Group:
			t.missf("it names the user %q, but that is a group of the user: its kind must be Group", near.Name)
		default:
			t.missf("it names the group %q, but that is the name of the user: its kind must be User", near.Name)
		}
		t.inside = false
	}
	return t.inside
}

func described(s view.Subject) string {
	if s.Group {
		return fmt.Sprintf("the group %q", s.Name)
	}
	return fmt.Sprintf("the user name %q", s.Name)
}

// entersRule says that the rule with this number comes next.
func (t *Trace) entersRule(i int) {
	if t != nil && t.inside {
		t.at.Rule = fmt.Sprintf("clusterResources[%d]", i)
	}
}

// entersSettings says that what the proxySettings of the entry grant comes next.
func (t *Trace) entersSettings() {
	if t != nil {
		t.at.Rule = "proxySettings"
	}
}

// leavesRules says that no rule is next.
func (t *Trace) leavesRules() {
	if t != nil {
		t.at.Rule = ""
	}
}

// ignores returns whether the next part concerns none of the subjects.
func (t *Trace) ignores() bool { return t != nil && !t.inside }

// skips returns whether the next rule concerns none of the subjects, or not the kind.
func (t *Trace) skips(rule *capsule.ClusterResource) bool {
	return t != nil && (!t.inside || !ruleMatches(rule, t.rules.kinds[0].Upstream))
}

// missf notes why the current part grants nothing.
func (t *Trace) missf(format string, args ...any) {
	if t != nil && t.inside {
		t.NoteMiss(Miss{t.at, fmt.Sprintf(format, args...)})
	}
}

// problem notes a problem of the current part.
func (t *Trace) problem(reason, format string, args ...any) {
	switch {
	case t == nil, reason == ReasonKind, reason == ReasonSubject: // the kinds that are not traced are unknown, too
	case t.bounding:
		t.ofTenant = append(t.ofTenant, Miss{Origin{Source: TenantSource, Tenant: t.at.Tenant, Name: t.at.Tenant}, fmt.Sprintf(format, args...)})
	default:
		t.missf(format, args...)
	}
}

// part returns a number for the current rule: what it grants is added later.
func (t *Trace) part() int {
	if t == nil {
		return 0
	}
	t.parts = append(t.parts, Traced{Origin: t.at})
	return len(t.parts) - 1
}

// returnTo says that what a rule grants is added next.
func (t *Trace) returnTo(part int, selected view.Criterion, bounded bool) {
	if t == nil {
		return
	}
	t.at, t.inside = t.parts[part].Origin, true
	t.now = Traced{Selected: selected, Bounded: bounded}
}

// grant notes that a grant was added.
func (t *Trace) grant(criterion view.Criterion) {
	if t == nil {
		return
	}
	g := Traced{Origin: t.at, Selected: criterion, OfTenant: true}
	if strings.HasPrefix(t.at.Rule, "clusterResources") {
		g.Selected, g.Bounded, g.OfTenant = t.now.Selected, t.now.Bounded, false
	}
	t.added = append(t.added, g)
}

// take takes over all grants of an object.
func (t *Trace) take(held []Held) {
	if t == nil {
		return
	}
	for i := range held {
		t.added[i].Held = held[i]
		if held[i].Grant.Operations != 0 {
			t.Grants = append(t.Grants, t.added[i])
			continue
		}
		t.at, t.inside = t.added[i].Origin, true
		t.missf("no owner of the Tenant has the operations that it grants (--proxy-setting-grants=Owners)")
	}
}

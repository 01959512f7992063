// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
	"strings"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// The following methods are the hooks of a Trace in the functions of Rules. They do nothing if the
// Trace is nil.

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
	near, isNear := t.near(subject)
	t.inside, t.bounding = t.subjects[subject], false
	if !t.inside && !isNear {
		return false
	}
	t.at.Entry, t.at.Rule = fmt.Sprintf("%s[%d]", list, i), ""
	if t.inside {
		for _, m := range t.ofTenant {
			t.NoteMiss(m)
		}
		t.ofTenant = nil
	}
	if !t.inside {
		t.inside = true
		switch {
		case near.Name != subject.Name:
			t.missf("it names %s, but the user has %s: names must be equal in case", describe(subject), describe(near))
		case near.Group:
			t.missf("it names the user %q, but that is a group of the user: its kind must be Group", near.Name)
		default:
			t.missf("it names the group %q, but that is the name of the user: its kind must be User", near.Name)
		}
		t.inside = false
	}
	return t.inside
}

func describe(s view.Subject) string {
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

// wantsMisses returns whether somebody wants to know what grants nothing.
func (t *Trace) wantsMisses() bool { return t != nil && t.names != nil }

// ignores returns whether the next part concerns none of the subjects.
func (t *Trace) ignores() bool { return t != nil && !t.inside }

// skips returns whether the next rule concerns none of the subjects, or not the kind.
func (t *Trace) skips(rule *capsule.ClusterResource) bool {
	return t != nil && (!t.inside || !ruleMatches(rule, t.rules.kinds[0].Upstream))
}

// missf notes why the current part grants nothing.
func (t *Trace) missf(format string, args ...any) {
	if t.wantsMisses() && t.inside {
		t.NoteMiss(Miss{t.at, fmt.Sprintf(format, args...)})
	}
}

// problem notes a problem of the current part.
func (t *Trace) problem(reason, format string, args ...any) {
	switch {
	case !t.wantsMisses(), reason == ReasonKind, reason == ReasonSubject: // the kinds that are not traced are unknown, too
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Kind is what has to be known of an upstream kind to grant objects of it.
type Kind struct {
	// Upstream is the resource that rules name.
	Upstream schema.GroupVersionResource
	// ProxySetting is the kind's name in proxySettings, such as StorageClasses; "" if the
	// kind is granted without one.
	ProxySetting string
	// OfTenant returns criteria that together select what a Tenant itself may see. They must
	// depend on nothing but its name and its spec without the owners.
	OfTenant func(*capsule.Tenant, *Policy) ([]view.Criterion, []Problem)
}

// Held is a grant that a subject holds, on the objects of an upstream resource.
type Held struct {
	Resource schema.GroupResource
	Subject  view.Subject
	Grant    view.Grant
}

// Rules computes grants for certain kinds under a policy.
type Rules struct {
	kinds  []Kind
	policy Policy
}

// NewRules returns the rules for these kinds.
func NewRules(kinds []Kind, policy Policy) *Rules {
	return &Rules{kinds: kinds, policy: policy}
}

// Policy returns the policy that the rules follow.
func (r *Rules) Policy() Policy { return r.policy }

// OfTenant returns what the owners of a Tenant hold by owning it.
func (r *Rules) OfTenant(t *capsule.Tenant) ([]Held, []Problem) {
	var found problems
	bounds := r.bounds(t, &found)
	owners := make([]capsule.Owner, 0, len(t.Spec.Owners)+len(t.Status.Owners))
	owners = append(owners, t.Spec.Owners...)
	for _, s := range t.Status.Owners {
		owners = append(owners, capsule.Owner{Subject: s})
	}
	var held holder
	for i := range owners {
		subject, ok := subjectOf(owners[i].Subject, &found)
		if !ok {
			continue
		}
		for k := range r.kinds {
			kind := &r.kinds[k]
			if kind.ProxySetting == "" || r.policy.OwnerGrants == OwnerGrantsImplicit {
				held.add(kind, subject, bounds[k], seen)
			}
		}
		r.ofProxySettings(&held, subject, owners[i].ProxySettings, bounds, &found)
	}
	return held.grants, found
}

// OfProxySetting returns what the subjects of a ProxySetting hold, which is in a namespace
// of the Tenant; nothing if that is nil.
func (r *Rules) OfProxySetting(s *capsule.ProxySetting, t *capsule.Tenant) ([]Held, []Problem) {
	if t == nil {
		return nil, nil
	}
	var found, reportedByTenant problems
	bounds := r.bounds(t, &reportedByTenant)
	subjects := subjectsWithin(s.Spec.Subjects, &found)
	rulesLeft := maxRules
	var held holder
	for i := range subjects {
		entry := &subjects[i]
		subject, ok := r.tenantSubjectOf(entry.Subject, &found)
		if !ok {
			continue
		}
		for k := range r.kinds {
			if kind := &r.kinds[k]; kind.ProxySetting == "" {
				held.add(kind, subject, bounds[k], seen)
			}
		}
		r.ofProxySettings(&held, subject, entry.ProxySettings, bounds, &found)
		switch r.policy.ProxySettingRules {
		case ProxySettingRulesTenantBounded:
			r.ofClusterResources(&held, []view.Subject{subject}, rulesWithin(entry.ClusterResources, &rulesLeft, &found), bounds, &found)
		case ProxySettingRulesUnbounded:
			r.ofClusterResources(&held, []view.Subject{subject}, rulesWithin(entry.ClusterResources, &rulesLeft, &found), nil, &found)
		}
	}
	return r.withinOwners(held.grants, t), found
}

// OfGlobalProxySetting returns what the subjects of a GlobalProxySettings hold.
func (r *Rules) OfGlobalProxySetting(s *capsule.GlobalProxySetting) ([]Held, []Problem) {
	if r.policy.GlobalProxySettings != On {
		return nil, nil
	}
	var found problems
	var held holder
	for i := range s.Spec.Rules {
		rule := &s.Spec.Rules[i]
		var subjects []view.Subject
		for _, named := range rule.Subjects {
			if subject, ok := subjectOf(named, &found); ok {
				subjects = append(subjects, subject)
			}
		}
		r.ofClusterResources(&held, subjects, rule.ClusterResources, nil, &found)
	}
	return held.grants, found
}

// bounds returns, for each kind, criteria that together select what the Tenant may see.
func (r *Rules) bounds(t *capsule.Tenant, found *problems) [][]view.Criterion {
	bounds := make([][]view.Criterion, len(r.kinds))
	for k := range r.kinds {
		criteria, ps := r.kinds[k].OfTenant(t, &r.policy)
		for _, p := range ps {
			found.add(p.Reason, "%s: %s", r.kinds[k].Upstream.Resource, p.Detail)
		}
		bounds[k] = criteria
	}
	return bounds
}

// ofProxySettings grants the kinds that the settings list, each once, however often they
// list it.
func (r *Rules) ofProxySettings(held *holder, subject view.Subject, settings []capsule.ProxyOperations, bounds [][]view.Criterion, found *problems) {
	ops := make([]view.Operations, len(r.kinds))
	for _, setting := range settings {
		known := false
		for k := range r.kinds {
			if kind := &r.kinds[k]; kind.ProxySetting != "" && kind.ProxySetting == setting.Kind {
				known = true
				ops[k] |= settingOperations(setting.Operations, found)
			}
		}
		if !known {
			found.add(ReasonKind, "proxySettings for kind %q", setting.Kind)
		}
	}
	for k := range r.kinds {
		held.add(&r.kinds[k], subject, bounds[k], ops[k])
	}
}

// ofClusterResources grants what each rule selects, within the bounds unless those are nil.
// Rules are alternatives: their requirements are never merged.
func (r *Rules) ofClusterResources(held *holder, subjects []view.Subject, rules []capsule.ClusterResource, bounds [][]view.Criterion, found *problems) {
	for i := range rules {
		rule := &rules[i]
		ops := ruleOperations(rule.Operations, found)
		criterion, ok := selected(rule.Selector, found)
		if !ok {
			continue
		}
		for k := range r.kinds {
			if !ruleMatches(rule, r.kinds[k].Upstream) {
				continue
			}
			criteria := []view.Criterion{criterion}
			if bounds != nil {
				criteria = make([]view.Criterion, len(bounds[k]))
				for b, bound := range bounds[k] {
					criteria[b] = criterion.And(bound)
				}
			}
			for _, subject := range subjects {
				held.add(&r.kinds[k], subject, criteria, ops)
			}
		}
	}
}

// holder collects grants.
type holder struct{ grants []Held }

func (h *holder) add(kind *Kind, subject view.Subject, criteria []view.Criterion, ops view.Operations) {
	if ops == 0 {
		return
	}
	for _, c := range criteria {
		h.grants = append(h.grants, Held{kind.Upstream.GroupResource(), subject, view.Grant{Criterion: c, Operations: ops}})
	}
}

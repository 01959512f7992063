// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes an upstream kind whose objects can be granted.
type Kind struct {
	// Upstream is the resource, as rules name it.
	Upstream schema.GroupVersionResource
	// ProxySetting is the kind's name in proxySettings, such as StorageClasses; "" if the
	// kind is granted without one.
	ProxySetting string
	// TenantField is the field of a Tenant's spec that says which objects the Tenant may see, such as
	// spec.storageClasses; "" if objects belong to a Tenant by themselves.
	TenantField string
	// OfTenant returns the criterion of the objects that a Tenant itself may see. It may depend
	// only on the Tenant's name and on its spec without the owners.
	OfTenant func(*capsule.Tenant, *Policy) (view.Criterion, []Problem)
	// Strip removes from an upstream object what is never served, so that it takes no memory; nil removes
	// nothing.
	Strip func(metav1.Object)
}

// Held is a subject's grant on objects of an upstream resource.
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

// OfTenant returns the grants of a Tenant's owners.
func (r *Rules) OfTenant(t *capsule.Tenant) ([]Held, []Problem) { return r.ofTenant(t, nil) }

func (r *Rules) ofTenant(t *capsule.Tenant, trace *Trace) ([]Held, []Problem) {
	found := problems{trace: trace}
	bounds := r.bounds(t, &found)
	owners := make([]capsule.Owner, 0, len(t.Spec.Owners)+len(t.Status.Owners))
	owners = append(owners, t.Spec.Owners...)
	for _, s := range t.Status.Owners {
		owners = append(owners, capsule.Owner{Subject: s})
	}
	held := newHolder(r, trace)
	for i := range owners {
		subject, ok := subjectOf(owners[i].Subject, &found)
		if !ok || !trace.entersOwner(t, subject, i) {
			continue
		}
		for k := range r.kinds {
			kind := &r.kinds[k]
			if kind.ProxySetting == "" || r.policy.OwnerGrants == OwnerGrantsImplicit {
				held.add(k, subject, bounds[k], seen)
			}
		}
		r.ofProxySettings(held, subject, owners[i].ProxySettings, bounds, &found)
		trace.ownerLists(owners[i].ProxySettings)
	}
	return held.done(), found.list
}

// OfProxySettings returns the grants of the subjects of a Tenant's ProxySettings, and the problems
// of each setting. The settings must be in a stable order: if they exceed what the users of a
// Tenant may write, the first ones count.
func (r *Rules) OfProxySettings(settings []*capsule.ProxySetting, t *capsule.Tenant) ([]Held, [][]Problem) {
	return r.ofProxySettingsOf(settings, t, nil)
}

func (r *Rules) ofProxySettingsOf(settings []*capsule.ProxySetting, t *capsule.Tenant, trace *Trace) ([]Held, [][]Problem) {
	reportedByTenant := problems{trace: trace}
	bounds := r.bounds(t, &reportedByTenant)
	left := tenantBudget
	held := newHolder(r, trace)
	found := make([][]Problem, len(settings))
	for i, s := range settings {
		if left.subjects == 0 && trace != nil && !trace.wantsMisses() {
			break // users can write any number of settings
		}
		ofSetting := problems{trace: trace}
		trace.object(s.Namespace, s.Name)
		r.ofProxySetting(held, s, bounds, &left, &ofSetting)
		found[i] = ofSetting.list
	}
	if r.policy.ProxySettingRules == ProxySettingRulesTenantBounded {
		held.finish(bounds)
	} else {
		held.finish(nil)
	}
	r.withinOwners(held, t)
	return held.done(), found
}

func (r *Rules) ofProxySetting(held *holder, s *capsule.ProxySetting, bounds []view.Criterion, left *budget, found *problems) {
	misses := held.trace.wantsMisses()
	for i := range s.Spec.Subjects {
		entry := &s.Spec.Subjects[i]
		subject, ok := r.tenantSubjectOf(entry.Subject, i, found)
		if ok && misses {
			held.trace.enters(subject, "spec.subjects", i)
		}
		if !ok || !left.takeSubject(entry, found) {
			if left.subjects == 0 && !misses {
				return // whatever follows has one problem, too
			}
			continue
		}
		if !misses { // a setting can have very many subjects, most of which do not count
			held.trace.enters(subject, "spec.subjects", i)
		}
		for k := range r.kinds {
			if r.kinds[k].ProxySetting == "" {
				held.add(k, subject, bounds[k], seen)
			}
		}
		r.ofProxySettings(held, subject, entry.ProxySettings, bounds, found)
		if r.policy.ProxySettingRules == ProxySettingRulesOff {
			held.trace.rulesAreOff(entry.ClusterResources, "--proxy-setting-rules=Off")
			continue
		}
		for j := range entry.ClusterResources {
			held.trace.entersRule(j)
			if rule := &entry.ClusterResources[j]; left.takeRule(rule, found) {
				r.ofClusterResource(held, []view.Subject{subject}, rule, r.tenantRuleOperations(), found)
			}
		}
		held.trace.leavesRules()
	}
}

// OfGlobalProxySetting returns the grants of the subjects of a GlobalProxySettings.
func (r *Rules) OfGlobalProxySetting(s *capsule.GlobalProxySetting) ([]Held, []Problem) {
	return r.ofGlobalProxySetting(s, nil)
}

func (r *Rules) ofGlobalProxySetting(s *capsule.GlobalProxySetting, trace *Trace) ([]Held, []Problem) {
	if r.policy.GlobalProxySettings != On {
		trace.globalRulesAreOff(s)
		return nil, nil
	}
	found := problems{trace: trace}
	held := newHolder(r, trace)
	for i := range s.Spec.Rules {
		rule := &s.Spec.Rules[i]
		var subjects []view.Subject
		for _, named := range rule.Subjects {
			if subject, ok := subjectOf(named, &found); ok && trace.enters(subject, "spec.rules", i) {
				subjects = append(subjects, subject)
			}
		}
		trace.entersAny(subjects)
		for j := range rule.ClusterResources {
			trace.entersRule(j)
			r.ofClusterResource(held, subjects, &rule.ClusterResources[j], all, &found)
		}
	}
	held.finish(nil)
	return held.done(), found.list
}

// bounds returns, for each kind, the criterion of the objects that the Tenant may see.
func (r *Rules) bounds(t *capsule.Tenant, found *problems) []view.Criterion {
	bounds := make([]view.Criterion, len(r.kinds))
	for k := range r.kinds {
		criterion, ps := r.kinds[k].OfTenant(t, &r.policy)
		for _, p := range ps {
			found.add(p.Reason, "%s: %s", r.kinds[k].Upstream.Resource, p.Detail)
		}
		bounds[k] = criterion
	}
	return bounds
}

// ofProxySettings grants each kind that the settings list once, even if they list it repeatedly.
func (r *Rules) ofProxySettings(held *holder, subject view.Subject, settings []capsule.ProxyOperations, bounds []view.Criterion, found *problems) {
	ops := make([]view.Operations, len(r.kinds))
	for _, setting := range settings {
		known := false
		for k := range r.kinds {
			if kind := &r.kinds[k]; kind.ProxySetting != "" && kind.ProxySetting == setting.Kind {
				known = true
				shown := settingOperations(setting.Operations, found)
				held.trace.settingShows(shown, setting.Operations)
				ops[k] |= shown
			}
		}
		if !known {
			found.add(ReasonKind, "proxySettings for unknown kind %q", setting.Kind)
		}
	}
	held.trace.entersSettings()
	for k := range r.kinds {
		held.add(k, subject, bounds[k], ops[k])
	}
	held.trace.leavesRules()
}

// ofClusterResource grants the objects that a rule selects, with those of its operations that are
// among the allowed ones.
func (r *Rules) ofClusterResource(held *holder, subjects []view.Subject, rule *capsule.ClusterResource, allowed view.Operations, found *problems) {
	if held.trace.skips(rule) {
		return
	}
	ops := ruleOperations(rule.Operations, found)
	held.trace.ruleShows(ops, rule.Operations)
	ops &= allowed
	criterion, ok := selected(rule.Selector, found)
	if !ok {
		held.trace.selectsNothing(rule.Selector)
		return
	}
	for k := range r.kinds {
		if !ruleMatches(rule, r.kinds[k].Upstream) {
			continue
		}
		for _, subject := range subjects {
			held.addRule(k, subject, criterion, ops)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// entersOwner is enters for an owner: those of the spec come first, then those of the status.
func (t *Trace) entersOwner(tenant *capsule.Tenant, subject view.Subject, i int) bool {
	switch ofSpec := len(tenant.Spec.Owners); {
	case t == nil:
		return true
	case i < ofSpec:
		return t.enters(subject, "spec.owners", i)
	default:
		return t.enters(subject, "status.owners", i-ofSpec)
	}
}

// entersAny says that the next rules concern these subjects, which are those of the trace.
func (t *Trace) entersAny(subjects []view.Subject) {
	if t != nil {
		t.inside = len(subjects) > 0
	}
}

// ownerLists notes why an owner does not see the kind: his proxySettings do not list it.
func (t *Trace) ownerLists(settings []capsule.ProxyOperations) {
	if t == nil || t.rules.policy.OwnerGrants == OwnerGrantsImplicit {
		return
	}
	t.lists(settings, " (--owner-grants=ProxySettings)")
}

// lists notes that proxySettings do not list the kind, if they must.
func (t *Trace) lists(settings []capsule.ProxyOperations, policy string) {
	kind := t.rules.kinds[0].ProxySetting
	if kind == "" || slices.ContainsFunc(settings, func(s capsule.ProxyOperations) bool { return s.Kind == kind }) {
		return
	}
	t.missf("its proxySettings do not list %s%s", kind, policy)
}

// settingShows notes that proxySettings for the kind have operations, but not List.
func (t *Trace) settingShows(shown view.Operations, operations []string) {
	if t != nil && shown == 0 {
		t.missf("its proxySettings list the kind with the operations %q, which show nothing without List", operations)
	}
}

// ruleShows does the same for a rule.
func (t *Trace) ruleShows(shown view.Operations, operations []string) {
	if t != nil && shown == 0 {
		t.missf("the operations %q of the rule show nothing: Update and Delete count only together with List", operations)
	}
}

// tenantSeesNone notes that the Tenant itself may see no object of the kind.
func (t *Trace) tenantSeesNone() {
	if t == nil {
		return
	}
	field := t.rules.kinds[0].TenantField
	t.missf("the Tenant itself may see none: its %s selects none, or is not set and means none (--unset-classes, --unset-node-selector)", field)
}

// rulesAreOff notes the rules that would count with another policy.
func (t *Trace) rulesAreOff(rules []capsule.ClusterResource, policy string) {
	if t == nil {
		return
	}
	for i := range rules {
		if t.entersRule(i); !t.skips(&rules[i]) {
			t.missf("such rules are switched off (%s)", policy)
		}
	}
	t.leavesRules()
}

// globalRulesAreOff does the same for a GlobalProxySettings.
func (t *Trace) globalRulesAreOff(s *capsule.GlobalProxySetting) {
	if t == nil {
		return
	}
	var ignored problems
	for i := range s.Spec.Rules {
		for _, named := range s.Spec.Rules[i].Subjects {
			if subject, ok := subjectOf(named, &ignored); ok && t.enters(subject, "spec.rules", i) {
				t.rulesAreOff(s.Spec.Rules[i].ClusterResources, "--global-proxy-settings=Off")
				break
			}
		}
	}
}

// selectsNothing notes why a rule selects nothing. An invalid selector is a problem, and so already
// noted.
func (t *Trace) selectsNothing(selector *metav1.LabelSelector) {
	switch {
	case selector == nil:
		t.missf("the rule has no selector, so it selects nothing")
	case len(selector.MatchLabels)+len(selector.MatchExpressions) == 0:
		t.missf("the selector of the rule has no requirements, so it selects nothing")
	}
}

// leavesOut notes the subjects of a RoleBinding that do not count.
func (t *Trace) leavesOut(all, counted []view.Subject) {
	if t == nil || len(all) == len(counted) {
		return
	}
	for i, s := range all {
		if isEverybody(s) && t.enters(s, "subjects", i) {
			t.missf("the group %q includes everybody, so it is ignored in objects of tenants (--tenant-subjects=NoEverybody)", s.Name)
		}
	}
}

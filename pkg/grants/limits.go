// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import "capsule.dev/tenantview/pkg/apis/capsule"

// Limits of one selector of a rule or a request.
const (
	// MaxRequirements limits the requirements of one selector. Each is compared with every object.
	MaxRequirements = 64
	// MaxValues limits the values that all requirements of one selector list together. In a rule
	// of a ProxySetting, API groups, resources and operations also count.
	MaxValues = 1000
)

// tenantBudget limits all ProxySettings of one Tenant together. The Tenant's users write them, and
// the events of all users wait while their grants are computed. The limits keep that within
// milliseconds. Excess parts grant nothing, and the rest still counts. Only what a tenant writes is
// limited: if the size of its Tenant counted, an administrator who grants more would hide objects.
var tenantBudget = budget{subjects: 1024, rules: 256, requirements: 2048, values: 20_000}

// budget is what remains of the limits.
type budget struct{ subjects, rules, requirements, values int }

// takeSubject takes a subject and what its proxySettings list from the budget. If too little is left,
// it reports a problem and returns false.
func (b *budget) takeSubject(s *capsule.ProxySubject, found *problems) bool {
	values := 0
	for i := range s.ProxySettings {
		values += 1 + len(s.ProxySettings[i].Operations)
	}
	if b.subjects == 0 || values > b.values {
		found.add(ReasonTooLarge, "the ProxySettings of a Tenant may have at most %d subjects with %d values together", tenantBudget.subjects, tenantBudget.values)
		return false
	}
	b.subjects--
	b.values -= values
	return true
}

// takeRule takes a rule from the budget. If the rule is too large or too little is left, it reports
// a problem and returns false.
func (b *budget) takeRule(rule *capsule.ClusterResource, found *problems) bool {
	requirements, values := 0, len(rule.APIGroups)+len(rule.Resources)+len(rule.Operations)
	if s := rule.Selector; s != nil {
		requirements = len(s.MatchLabels) + len(s.MatchExpressions)
		for i := range s.MatchExpressions {
			values += len(s.MatchExpressions[i].Values)
		}
	}
	switch {
	case requirements > MaxRequirements || values > MaxValues:
		found.add(ReasonTooLarge, "a rule in clusterResources has %d requirements and %d values, but may have at most %d and %d",
			requirements, values, MaxRequirements, MaxValues)
		return false
	case b.rules == 0 || requirements > b.requirements || values > b.values:
		found.add(ReasonTooLarge, "the ProxySettings of a Tenant may have at most %d clusterResources with %d requirements and %d values together",
			tenantBudget.rules, tenantBudget.requirements, tenantBudget.values)
		return false
	}
	b.rules--
	b.requirements -= requirements
	b.values -= values
	return true
}

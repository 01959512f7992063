// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import "capsule.dev/tenantview/pkg/apis/capsule"

// Bounds of one selector, be it of a rule or of a request.
const (
	// MaxRequirements are the requirements of one selector, each compared with every object.
	MaxRequirements = 64
	// MaxValues are the values that all requirements of one selector list. For a rule of a
	// ProxySetting, its API groups, resources and operations count, too.
	MaxValues = 1000
)

// What counts of the ProxySettings of one Tenant, all of them together. The Tenant's users write
// them, and everybody's events wait while it is worked out what they show: these bounds keep that
// in milliseconds. What goes beyond grants nothing and takes nothing else away. Only what a tenant
// writes is bounded: if the size of its Tenant counted, an administrator who grants more would hide
// something.
var tenantBudget = budget{subjects: 1024, rules: 256, requirements: 2048, values: 20_000}

// budget is what is left.
type budget struct{ subjects, rules, requirements, values int }

// takeSubject takes a subject off the budget. It returns false, and reports it, if there is none
// left.
func (b *budget) takeSubject(found *problems) bool {
	if b.subjects == 0 {
		found.add(ReasonTooLarge, "subjects beyond the %d that the ProxySettings of a Tenant may have together", tenantBudget.subjects)
		return false
	}
	b.subjects--
	return true
}

// takeRule takes a rule off the budget. It returns false, and reports it, if the rule is too large
// or not enough is left.
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
		found.add(ReasonTooLarge, "clusterResources with %d requirements and %d values, of which one may have %d and %d",
			requirements, values, MaxRequirements, MaxValues)
		return false
	case b.rules == 0 || requirements > b.requirements || values > b.values:
		found.add(ReasonTooLarge, "clusterResources beyond the %d with %d requirements and %d values that the ProxySettings of a Tenant may have together",
			tenantBudget.rules, tenantBudget.requirements, tenantBudget.values)
		return false
	}
	b.rules--
	b.requirements -= requirements
	b.values -= values
	return true
}

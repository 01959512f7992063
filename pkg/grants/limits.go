// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import "capsule.dev/tenantview/pkg/apis/capsule"

// What counts of one ProxySetting. Tenants' users write them, and whoever changes what
// somebody sees waits for the work that they make: these keep it in milliseconds. What goes
// beyond grants nothing and takes nothing else away. Only what a tenant writes is bounded:
// if the size of its Tenant counted, an administrator who grants more would hide something.
const (
	// maxSubjects are its subjects.
	maxSubjects = 256
	// maxRuleRequirements are those of one rule's selector, each compared with every object.
	maxRuleRequirements = MaxRequirements
	// maxRuleValues are all that one rule lists: API groups, resources, operations, and the
	// values of its requirements.
	maxRuleValues = MaxValues
)

// MaxRequirements and MaxValues bound one selector, be it of a rule or of a request: its
// requirements, and the values that they list together.
const (
	MaxRequirements = 64
	MaxValues       = 1000
)

// maxRules are the rules of all its subjects together.
var maxRules = size{rules: 128, requirements: 1024, values: 10_000}

// size is what rules amount to.
type size struct{ rules, requirements, values int }

func sizeOf(rule *capsule.ClusterResource) size {
	n := size{rules: 1, values: len(rule.APIGroups) + len(rule.Resources) + len(rule.Operations)}
	if s := rule.Selector; s != nil {
		n.requirements = len(s.MatchLabels) + len(s.MatchExpressions)
		for i := range s.MatchExpressions {
			n.values += len(s.MatchExpressions[i].Values)
		}
	}
	return n
}

// subjectsWithin returns the subjects of a ProxySetting that count.
func subjectsWithin(subjects []capsule.ProxySubject, found *problems) []capsule.ProxySubject {
	if len(subjects) <= maxSubjects {
		return subjects
	}
	found.add(ReasonTooLarge, "%d subjects, of which the first %d count", len(subjects), maxSubjects)
	return subjects[:maxSubjects]
}

// rulesWithin returns those of a subject's rules that count, and takes them off what is left
// to the ProxySetting.
func rulesWithin(rules []capsule.ClusterResource, left *size, found *problems) []capsule.ClusterResource {
	var counted []capsule.ClusterResource
	for i := range rules {
		switch n := sizeOf(&rules[i]); {
		case n.requirements > maxRuleRequirements || n.values > maxRuleValues:
			found.add(ReasonTooLarge, "clusterResources with %d requirements and %d values, of which one may have %d and %d",
				n.requirements, n.values, maxRuleRequirements, maxRuleValues)
		case n.rules > left.rules || n.requirements > left.requirements || n.values > left.values:
			found.add(ReasonTooLarge, "clusterResources beyond %d with %d requirements and %d values in all", maxRules.rules, maxRules.requirements, maxRules.values)
		default:
			*left = size{left.rules - n.rules, left.requirements - n.requirements, left.values - n.values}
			counted = append(counted, rules[i])
		}
	}
	return counted
}

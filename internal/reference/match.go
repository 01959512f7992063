// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/authentication/user"
)

func (s subject) matches(u user.Info) bool {
	if s.Name == "" {
		return false
	}
	switch s.Kind {
	case "User", "ServiceAccount":
		return s.Name == u.GetName()
	case "Group":
		return slices.Contains(u.GetGroups(), s.Name)
	default:
		return false
	}
}

// isSomebody reports whether the subject can match any user.
func (s subject) isSomebody() bool {
	return s.Name != "" && slices.Contains([]string{"User", "ServiceAccount", "Group"}, s.Kind)
}

// permits reports whether a grant with these operations permits op. An empty list means List and
// Get.
func permits(operations []string, op Operation) bool {
	has := func(o Operation) bool { return slices.Contains(operations, string(o)) }
	if len(operations) == 0 {
		return op == List || op == Get
	}
	switch op {
	case List:
		return has(List)
	case Get:
		return has(List) || has(Get)
	default:
		return has(List) && has(op)
	}
}

// settingsPermit reports whether proxySettings permit op. Nothing counts there without List.
func settingsPermit(settings []setting, resource string, op Operation) bool {
	return slices.ContainsFunc(settings, func(s setting) bool {
		return s.Kind != "" && s.Kind == kinds[resource].setting && slices.Contains(s.Operations, "List") && permits(s.Operations, op)
	})
}

// rulesPermit reports whether one of the rules selects the object and permits op.
func rulesPermit(rules []rule, op Operation, resource string, o metav1.Object) bool {
	return slices.ContainsFunc(rules, func(r rule) bool {
		return r.isAbout(resource) && permits(r.Operations, op) && r.Selector != nil && selects(r.Selector, o.GetLabels())
	})
}

func (r rule) isAbout(resource string) bool {
	if !slices.Contains(r.Resources, "*") && !slices.Contains(r.Resources, resource) {
		return false
	}
	group, _, _ := strings.Cut(kinds[resource].groupVersion, "/")
	return slices.ContainsFunc(r.APIGroups, func(pattern string) bool {
		if strings.Contains(pattern, "/") {
			return Wildcard(pattern, kinds[resource].groupVersion)
		}
		return Wildcard(pattern, group)
	})
}

// Wildcard reports whether s matches the pattern, in which each * stands for any substring. Its time
// is exponential in the number of stars.
func Wildcard(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return Wildcard(pattern[1:], s) || (s != "" && Wildcard(pattern, s[1:]))
	default:
		return s != "" && s[0] == pattern[0] && Wildcard(pattern[1:], s[1:])
	}
}

// selects reports whether a label selector is valid, has requirements, and matches.
func selects(s *metav1.LabelSelector, labels map[string]string) bool {
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return false
	}
	met := true
	for key, value := range s.MatchLabels {
		if !isLabelKey(key) || !isLabelValue(value) {
			return false
		}
		got, ok := labels[key]
		met = met && ok && got == value
	}
	for _, e := range s.MatchExpressions {
		if !isLabelKey(e.Key) || slices.ContainsFunc(e.Values, func(v string) bool { return !isLabelValue(v) }) {
			return false
		}
		got, ok := labels[e.Key]
		switch e.Operator {
		case metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn:
			if len(e.Values) == 0 {
				return false
			}
			met = met && (ok && slices.Contains(e.Values, got)) == (e.Operator == metav1.LabelSelectorOpIn)
		case metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist:
			if len(e.Values) != 0 {
				return false
			}
			met = met && ok == (e.Operator == metav1.LabelSelectorOpExists)
		default:
			return false
		}
	}
	return met
}

func isLabelKey(s string) bool   { return len(validation.IsQualifiedName(s)) == 0 }
func isLabelValue(s string) bool { return len(validation.IsValidLabelValue(s)) == 0 }

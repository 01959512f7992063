// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// ruleMatches tells whether a rule is about an upstream resource.
func ruleMatches(rule *capsule.ClusterResource, upstream schema.GroupVersionResource) bool {
	return slices.ContainsFunc(rule.Resources, func(r string) bool {
		return r == "*" || r == upstream.Resource
	}) && slices.ContainsFunc(rule.APIGroups, func(pattern string) bool {
		return groupMatches(pattern, upstream.GroupVersion())
	})
}

// groupMatches compares a pattern with a slash with GROUP/VERSION, and any other with the
// group. The core group is the empty string, and /v1 with its version.
func groupMatches(pattern string, gv schema.GroupVersion) bool {
	if strings.Contains(pattern, "/") {
		return wildcardMatches(pattern, gv.Group+"/"+gv.Version)
	}
	return wildcardMatches(pattern, gv.Group)
}

// wildcardMatches tells whether s is the pattern, in which each * stands for any substring.
// It takes time in proportion to the product of the lengths, whatever the pattern, and looks
// no further into a pattern than it has to.
func wildcardMatches(pattern, s string) bool {
	part, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == s
	}
	if !strings.HasPrefix(s, part) {
		return false
	}
	for s = s[len(part):]; ; s = s[len(part):] {
		if part, rest, starred = strings.Cut(strings.TrimLeft(rest, "*"), "*"); !starred {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i:]
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// ruleMatches reports whether a rule applies to an upstream resource.
func ruleMatches(rule *capsule.ClusterResource, upstream schema.GroupVersionResource) bool {
	return slices.ContainsFunc(rule.Resources, func(r string) bool {
		return r == "*" || r == upstream.Resource
	}) && slices.ContainsFunc(rule.APIGroups, func(pattern string) bool {
		return groupMatches(pattern, upstream.GroupVersion())
	})
}

// groupMatches compares a pattern that contains a slash with GROUP/VERSION, and any other pattern
// with the group. The core group is the empty string, or /v1 with its version.
func groupMatches(pattern string, gv schema.GroupVersion) bool {
	if strings.Contains(pattern, "/") {
		return wildcardMatches(pattern, gv.Group+"/"+gv.Version)
	}
	return wildcardMatches(pattern, gv.Group)
}

// wildcardMatches reports whether s matches the pattern, in which each * stands for any substring.
// Its time is at most proportional to the product of the lengths, for any pattern. It reads only
// as much of a pattern as necessary.
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

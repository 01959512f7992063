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
// It takes time in proportion to the product of the lengths, whatever the pattern.
func wildcardMatches(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}

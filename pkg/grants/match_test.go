// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"regexp"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

func TestRuleMatches(t *testing.T) {
	core := schema.GroupVersion{Version: "v1"}
	nodes := core.WithResource("nodes")
	storage := storagev1.SchemeGroupVersion.WithResource("storageclasses")
	ingress := networkingv1.SchemeGroupVersion.WithResource("ingressclasses")
	cases := map[string]struct {
		groups, resources string
		upstream          schema.GroupVersionResource
		want              bool
	}{
		"group and resource":                 {"storage.k8s.io", "storageclasses", storage, true},
		"another resource":                   {"storage.k8s.io", "csidrivers", storage, false},
		"another group":                      {"storage.k8s.io", "ingressclasses", ingress, false},
		"every resource":                     {"storage.k8s.io", "*", storage, true},
		"every group":                        {"*", "storageclasses", storage, true},
		"every group is also the core group": {"*", "nodes", nodes, true},
		"the core group":                     {"", "nodes", nodes, true},
		"the core group is one of its own":   {"", "storageclasses", storage, false},
		"group and version":                  {"storage.k8s.io/v1", "*", storage, true},
		"another version":                    {"storage.k8s.io/v2", "*", storage, false},
		"every version":                      {"storage.k8s.io/*", "*", storage, true},
		"versions of every group":            {"*/v1", "*", storage, true},
		"versions of the core group":         {"*/v1", "nodes", nodes, true},
		"the core group with its version":    {"/v1", "nodes", nodes, true},
		"the core group with every version":  {"/*", "nodes", nodes, true},
		"with every version, another group":  {"/*", "*", storage, false},
		"a version is no group":              {"v1", "nodes", nodes, false},
		"the end of a group":                 {"*.k8s.io", "*", ingress, true},
		"the start of a group":               {"networking*", "*", ingress, true},
		"the middle of a group":              {"*working.k8s*", "*", ingress, true},
		"both ends of a group":               {"n*.io", "*", ingress, true},
		"not anchored":                       {"k8s.io", "*", ingress, false},
		"a star in a resource":               {"*", "ingress*", ingress, false},
		"the singular":                       {"*", "ingressclass", ingress, false},
		"upper case":                         {"*", "IngressClasses", ingress, false},
		"a group in upper case":              {"Storage.k8s.io", "*", storage, false},
		"our own group":                      {"tenantview.capsule.dev", "*", storage, false},
		"stars only":                         {"**", "*", storage, true},
		"the second of two":                  {"apps storage.k8s.io", "pods storageclasses", storage, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rule := &capsule.ClusterResource{APIGroups: strings.Split(tc.groups, " "), Resources: strings.Split(tc.resources, " ")}
			if got := ruleMatches(rule, tc.upstream); got != tc.want {
				t.Errorf("%+v matches %v: %t, want %t", rule, tc.upstream, got, tc.want)
			}
		})
	}
	for name, rule := range map[string]*capsule.ClusterResource{
		"nothing": {}, "no groups": {Resources: []string{"*"}}, "no resources": {APIGroups: []string{"*"}},
	} {
		t.Run(name, func(t *testing.T) {
			if ruleMatches(rule, storage) {
				t.Error("an empty list matches")
			}
		})
	}
}

func FuzzWildcard(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"*", ""}, {"", "a"}, {"a*a", "a"}, {"a*a", "aa"}, {"*a*", "bab"}, {"a*b*c", "a-b-b-c"}, {"**", "x"},
		{"*.k8s.io", "storage.k8s.io"}, {"ab*ab", "aba"}, {"*ab*abc", "ababc"}, {"\xff*", "\xff"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		// Regular expressions treat all invalid UTF-8 bytes as the same character.
		pattern, s = strings.ToValidUTF8(pattern, "?"), strings.ToValidUTF8(s, "?")
		parts := strings.Split(pattern, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		if len(pattern) > 100 || len(s) > 1000 {
			t.Skip("regular expressions would take too long")
		}
		re, err := regexp.Compile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)
		if err != nil {
			t.Skip(err) // the pattern is too large
		}
		if got, want := wildcardMatches(pattern, s), re.MatchString(s); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, s, got, want)
		}
	})
}

// Users write patterns. A pattern that takes exponential time would stop the only writer.
func TestWildcardsAreNotSlow(t *testing.T) {
	pattern := strings.Repeat("*a", 2000) + "b"
	if wildcardMatches(pattern, strings.Repeat("a", 20000)) {
		t.Error("it matches")
	}
	if allocations := testing.AllocsPerRun(1, func() { wildcardMatches(pattern, "storage.k8s.io") }); allocations > 0 {
		t.Errorf("%v allocations for a long pattern", allocations)
	}
}

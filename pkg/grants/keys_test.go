// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// A view evaluates the criteria of one key once, for all users who hold them. If two criteria that
// select different objects had the same key, users would see what only others are granted.
func TestEqualKeysSelectEqually(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	// Values that are ambiguous if they are simply concatenated. Most are invalid in selectors,
	// and must be rejected rather than confused.
	texts := []string{"", "a", "b", "a,b", "a=b", "a in (b)", "!a", ",", "=", "(a)", "9:label/a=", "a.b/c", "A", "-"}
	text := func() string { return texts[rng.IntN(len(texts))] }
	list := func() *capsule.ClassList {
		l := &capsule.ClassList{Default: text(), Allowed: []string{text(), text()}, AllowedRegex: text()}
		for range rng.IntN(3) {
			e := metav1.LabelSelectorRequirement{Key: text(), Operator: []metav1.LabelSelectorOperator{"In", "NotIn", "Exists", "DoesNotExist"}[rng.IntN(4)]}
			if e.Operator == "In" || e.Operator == "NotIn" {
				for range rng.IntN(4) {
					e.Values = append(e.Values, text())
				}
			}
			l.MatchExpressions = append(l.MatchExpressions, e)
		}
		for range rng.IntN(3) {
			if l.MatchLabels == nil {
				l.MatchLabels = make(map[string]string)
			}
			l.MatchLabels[text()] = text()
		}
		return l
	}
	objects := make([]view.Attributes, 60)
	for i := range objects {
		o := view.Attributes{Name: text(), Partition: text()}
		labels := make(map[string]string)
		for range rng.IntN(4) {
			labels[text()] = text()
		}
		o.Labels = view.NewLabels(labels)
		objects[i] = o
	}
	selections := make(map[string]string)
	check := func(c view.Criterion) {
		selection := ""
		for i := range objects {
			selection += fmt.Sprint(c.Matches(&objects[i]), " ")
		}
		if before, ok := selections[c.Key()]; ok && before != selection {
			t.Fatalf("seed %d: two criteria with the key %q select differently", seed, c.Key())
		}
		selections[c.Key()] = selection
	}
	previous := view.All()
	for range 3000 {
		classes, _ := grants.Classes(list(), grants.UnsetAll)
		nodes, _ := grants.Nodes(map[string]string{text(): text()}, grants.UnsetAll)
		for _, c := range []view.Criterion{classes, nodes} {
			check(c)
			check(view.And(c, previous))
			check(view.Or(c, previous))
			check(view.And(view.Partition(text()), c))
			check(view.Or(view.LabelIn(text(), text(), text()), c).Not())
			previous = c
		}
	}
	if len(selections) < 1000 {
		t.Errorf("compared only %d different criteria", len(selections))
	}
}

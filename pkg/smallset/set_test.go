// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package smallset_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/smallset"
)

// A Set is what a map is, at any size.
func TestSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, values := range []int{4, 16, 17, 40} {
		var s smallset.Set[int]
		model := make(map[int]struct{})
		for step := range 2_000 {
			value := rng.IntN(values)
			if step/200%2 == 0 == (rng.IntN(4) > 0) { // grows, then shrinks, and so on
				s.Add(value)
				model[value] = struct{}{}
			} else {
				s.Remove(value)
				delete(model, value)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(model)), slices.Sorted(s.All())); diff != "" || s.Len() != len(model) {
				t.Fatalf("up to %d values, step %d: %d values (-want +got):\n%s", values, step, s.Len(), diff)
			}
		}
	}
}

func TestReadingEnds(t *testing.T) {
	for _, values := range []int{3, 30} {
		var s smallset.Set[int]
		for i := range values {
			s.Add(i)
		}
		read := 0
		for range s.All() {
			if read++; read == 2 {
				break
			}
		}
		if read != 2 {
			t.Errorf("read %d of %d values", read, values)
		}
	}
}

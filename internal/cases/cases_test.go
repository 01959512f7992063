// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/cases"
	"capsule.dev/tenantview/internal/reference"
)

// Other tests compare the engine with the naive filter on clusters that are not in the table. So the
// filter itself must pass every case of the table.
func TestReference(t *testing.T) {
	for _, c := range cases.All() {
		t.Run(c.Row+"/"+c.Name, func(t *testing.T) {
			c.AssignUIDs()
			world := reference.NewWorld()
			for _, o := range c.Objects {
				world.Put(o)
			}
			filter := &reference.Filter{World: world, Policy: c.Policy}
			if diff := cmp.Diff(c.List, names(filter, &c.User, reference.List)); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.Gettable(), names(filter, &c.User, reference.Get)); diff != "" {
				t.Errorf("get (-want +got):\n%s", diff)
			}
		})
	}
}

func names(f *reference.Filter, u user.Info, op reference.Operation) cases.Names {
	var all cases.Names
	for _, resource := range reference.Resources() {
		if found := f.Names(u, op, resource); len(found) > 0 {
			if all == nil {
				all = make(cases.Names)
			}
			all[resource] = found
		}
	}
	return all
}

// Mistakes in the table would hide mistakes in the code that it tests.
func TestTheTableIsInOrder(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range cases.All() {
		if c.Row == "" || c.Name == "" || seen[c.Name] {
			t.Errorf("case %q %q has no row or name, or not one of its own", c.Row, c.Name)
		}
		seen[c.Name] = true
		for _, expected := range []cases.Names{c.List, c.Get} {
			for resource, names := range expected {
				if !slices.Contains(reference.Resources(), resource) || len(names) == 0 || !slices.IsSorted(names) {
					t.Errorf("%s: %s are %q", c.Name, resource, names)
				}
			}
		}
		for _, state := range [][]string{refs(&c, true), refs(&c, false)} {
			slices.Sort(state)
			if len(slices.Compact(slices.Clone(state))) != len(state) {
				t.Errorf("%s: an object is there twice: %q", c.Name, state)
			}
		}
	}
}

func refs(c *cases.Case, before bool) []string {
	objects := c.Objects
	if before {
		objects = c.Before
	}
	var all []string
	for _, o := range objects {
		ref := reference.RefOf(o)
		all = append(all, ref.Resource+"/"+ref.Namespace+"/"+ref.Name)
	}
	return all
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/cases"
	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
)

// Every case of the table holds if the state results from changes while the server runs, and if
// the server reads it at the start, in any order of the sources.
func TestCases(t *testing.T) {
	for _, c := range cases.All() {
		c.AssignUIDs()
		t.Run(c.Row+"/"+c.Name, func(t *testing.T) {
			t.Run("running", func(t *testing.T) {
				f := feed.New(c.Policy)
				f.Cluster.GoLive()
				putAll(f, c.Before)
				removeAllBut(f, c.Before, c.Objects)
				putAll(f, c.Objects)
				compare(t, f, &c)
			})
			t.Run("starting", func(t *testing.T) {
				f := feed.New(c.Policy)
				putAll(f, c.Objects)
				f.Cluster.GoLive()
				compare(t, f, &c)
			})
			for seed := range uint64(3) {
				t.Run("in any order", func(t *testing.T) {
					f := feed.New(c.Policy)
					before, objects := shuffled(c.Before, seed), shuffled(c.Objects, seed+1)
					putAll(f, before)
					f.Cluster.GoLive()
					putAll(f, objects)
					removeAllBut(f, before, objects)
					compare(t, f, &c)
				})
			}
		})
	}
}

func putAll(f *feed.Feed, objects []*unstructured.Unstructured) {
	for _, o := range objects {
		f.Put(o)
	}
}

func removeAllBut(f *feed.Feed, before, after []*unstructured.Unstructured) {
	kept := make(map[reference.Ref]bool)
	for _, o := range after {
		kept[reference.RefOf(o)] = true
	}
	for _, o := range before {
		if ref := reference.RefOf(o); !kept[ref] {
			f.Delete(ref)
		}
	}
}

func shuffled(objects []*unstructured.Unstructured, seed uint64) []*unstructured.Unstructured {
	rng := rand.New(rand.NewPCG(seed, 0))
	order := make([]*unstructured.Unstructured, len(objects))
	for to, from := range rng.Perm(len(objects)) {
		order[to] = objects[from]
	}
	return order
}

func compare(t *testing.T, f *feed.Feed, c *cases.Case) {
	t.Helper()
	if diff := cmp.Diff(c.List, names(t, f, &c.User, reference.List)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(c.Gettable(), names(t, f, &c.User, reference.Get)); diff != "" {
		t.Errorf("get (-want +got):\n%s", diff)
	}
	// The table does not have these operations, so the naive filter says what is expected.
	world := reference.NewWorld()
	for _, o := range c.Objects {
		world.Put(o)
	}
	naive := &reference.Filter{World: world, Policy: c.Policy}
	for _, op := range []reference.Operation{reference.Update, reference.Delete} {
		var want cases.Names
		for _, resource := range reference.Resources() {
			if found := naive.Names(&c.User, op, resource); len(found) > 0 {
				if want == nil {
					want = make(cases.Names)
				}
				want[resource] = found
			}
		}
		if diff := cmp.Diff(want, names(t, f, &c.User, op)); diff != "" {
			t.Errorf("%s (-naive filter +engine):\n%s", op, diff)
		}
	}
}

// names returns the objects that a user may do op to, by resource.
func names(t *testing.T, f *feed.Feed, u user.Info, op reference.Operation) cases.Names {
	t.Helper()
	var all cases.Names
	for _, resource := range reference.Resources() {
		found, err := f.Names(u, op, resource)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			if all == nil {
				all = make(cases.Names)
			}
			all[resource] = found
		}
		if _, ok := f.View(resource).Get(f.Cluster.Viewer(u), "there-is-no-such-name", 0); ok {
			t.Errorf("get of %s returned an object that does not exist", resource)
		}
	}
	return all
}

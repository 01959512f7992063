// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/cases"
	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/view"
)

// The grants that a reason names are exactly those that decide: each of them alone shows nothing that
// the user does not see, and all together show everything, for every operation.
func TestReasonsAreWhatDecides(t *testing.T) {
	for _, seed := range worlds.Seeds(t, worldsVariable, 40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(seed)
			w.feed.Cluster.GoLive()
			for step := range 60 {
				w.step()
				// From some step on, the index of what is granted exists.
				if step%6 != int(seed%6) {
					continue
				}
				for _, u := range worlds.Users() {
					for _, resource := range reference.Resources() {
						requireReasons(t, w.feed, u, resource)
					}
				}
				if t.Failed() {
					t.Fatalf("%+v after\n%s", w.filter.Policy, lines(w.history))
				}
			}
		})
	}
}

func TestReasonsOfCases(t *testing.T) {
	for _, c := range cases.All() {
		t.Run(c.Row+"/"+c.Name, func(t *testing.T) {
			c.AssignUIDs()
			f := feed.New(c.Policy)
			putAll(f, c.Objects)
			f.Cluster.GoLive()
			for _, resource := range reference.Resources() {
				requireReasons(t, f, &c.User, resource)
			}
		})
	}
}

// requireReasons compares the grants that Explain and Investigate name with what the user may do.
func requireReasons(t *testing.T, f *feed.Feed, u user.Info, resource string) {
	t.Helper()
	traced, more := f.Cluster.Explain(u, upstream(resource), "")
	if more > 0 {
		t.Errorf("%d grants are left out", more)
	}
	all, _ := f.View(resource).List(view.Viewer{All: true})
	for op, needed := range map[reference.Operation]view.Operations{
		reference.List: view.OpList, reference.Get: view.OpGet, reference.Update: view.OpUpdate, reference.Delete: view.OpDelete,
	} {
		want, err := f.Names(u, op, resource)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range all {
			if slices.ContainsFunc(traced, func(g grants.Traced) bool {
				return g.Grant.Operations.Has(needed) && g.Grant.Criterion.Matches(&e.Attributes)
			}) {
				got = append(got, e.Name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s may %s these %s (-view +reasons):\n%s", u.GetName(), op, resource, diff)
		}
	}
	investigated, misses := f.Cluster.Investigate(u, upstream(resource), "")
	if diff := cmp.Diff(origins(traced), origins(investigated)); diff != "" {
		t.Errorf("grants of %s for %s (-Explain +Investigate):\n%s", u.GetName(), resource, diff)
	}
	for _, m := range misses {
		if m.Reason == "" || m.Source == "" {
			t.Errorf("a miss without reason: %+v", m)
		}
	}
}

// origins returns what distinguishes grants.
func origins(traced []grants.Traced) []string {
	var all []string
	for _, g := range traced {
		all = append(all, fmt.Sprintf("%+v %v %v %s", g.Origin, g.Subject, g.Grant.Operations, g.Grant.Criterion))
	}
	slices.Sort(all)
	return all
}

// upstream returns the upstream resource with its group.
func upstream(resource string) schema.GroupResource {
	for _, k := range kinds.All(kinds.Options{}) {
		if k.Upstream.Resource == resource {
			return k.Upstream.GroupResource()
		}
	}
	panic(resource)
}

// Changes go on while the index is made by the first questions, and the index misses none of them.
func TestFirstQuestionsDuringChanges(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Cluster.GoLive()
	owned := func(i, generation int) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"owners": []any{
			map[string]any{"kind": "User", "name": fmt.Sprintf("owner-%d-%d", i, generation)},
		}}}}
		o.SetAPIVersion("capsule.clastix.io/v1beta2")
		o.SetKind("Tenant")
		o.SetName(fmt.Sprintf("tenant-%d", i))
		return o
	}
	const tenants = 1000
	for i := range tenants {
		f.Put(owned(i, 0))
	}
	asked := make(chan int)
	for range 2 {
		go func() {
			traced, _ := f.Cluster.Explain(&user.DefaultInfo{Name: "owner-0-0"}, upstream("namespaces"), "")
			asked <- len(traced)
		}()
	}
	for i := 1; i < tenants; i++ {
		f.Put(owned(i, 1))
	}
	for range 2 {
		if n := <-asked; n != 1 {
			t.Errorf("%d grants, want 1", n)
		}
	}
	for i := 1; i < tenants; i++ {
		for generation, want := range []int{0, 1} {
			if got, _ := f.Cluster.Explain(&user.DefaultInfo{Name: fmt.Sprintf("owner-%d-%d", i, generation)}, upstream("namespaces"), ""); len(got) != want {
				t.Fatalf("owner %d of generation %d has %d grants, want %d", i, generation, len(got), want)
			}
		}
	}
}

// A question about reasons may read all objects. Changes go on between two of its steps.
func TestChangesDuringQuestions(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Cluster.GoLive()
	tenant := func(i int) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		o.SetAPIVersion("capsule.clastix.io/v1beta2")
		o.SetKind("Tenant")
		o.SetName(fmt.Sprintf("tenant-%d", i))
		return o
	}
	const tenants = 3000
	for i := range tenants {
		f.Put(tenant(i))
	}
	changed := make(chan struct{})
	visited, before := 0, 0 // before the change was applied
	f.Cluster.VisitTenants(func(string) {
		if visited == 0 {
			go func() {
				f.Put(tenant(tenants))
				close(changed)
			}()
		}
		visited++
		select {
		case <-changed:
		default:
			before++
			time.Sleep(50 * time.Microsecond) // a goroutine that has waited for a millisecond gets the lock
		}
	})
	if visited != tenants || before == tenants {
		t.Errorf("visited %d of %d Tenants, and a change had to wait for %d of them", visited, tenants, before)
	}
}

// A user can be bound in any number of namespaces. An answer about one of them is still complete.
func TestManyBindings(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Cluster.GoLive()
	f.Put(role("", "r", "get"))
	const bindings = 1500
	for i := range bindings {
		f.Put(namespace(fmt.Sprintf("ns-%04d", i), "", ""), binding(fmt.Sprintf("ns-%04d", i), "rb", "ClusterRole r"))
	}
	for name, want := range map[string]int{"": 1000, "absent": 1000, "ns-0000": 1001, "ns-1499": 1001} {
		traced, more := f.Cluster.Explain(&user.DefaultInfo{Name: "bob"}, upstream("namespaces"), name)
		if len(traced) != want || len(traced)+more != bindings {
			t.Errorf("%q: %d grants, want %d, and %d more", name, len(traced), want, more)
		}
		if name != "" && name != "absent" && !slices.ContainsFunc(traced, func(g grants.Traced) bool { return g.Namespace == name }) {
			t.Errorf("the grant for %s is left out", name)
		}
	}
	if traced, more := f.Cluster.Explain(&user.DefaultInfo{Name: "bob"}, upstream("nodes"), ""); len(traced)+more > 0 {
		t.Errorf("bindings grant nodes: %v", traced)
	}
}

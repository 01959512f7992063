// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

func TestList(t *testing.T) {
	solar := []string{"solar-a", "solar-b", "solar-c", "solar-d"}
	all := []string{"kube-system", "solar-a", "solar-b", "solar-c", "solar-d", "wind-a"}
	cases := map[string]struct {
		ctx    context.Context
		review string
		q      request
		want   []string
	}{
		"own":                              {ctx: as("alice"), want: solar},
		"own, without selectors":           {ctx: as("alice"), q: request{withoutSelectors: true}, want: solar},
		"own and a group's":                {ctx: as("alice", "windy", "windy", "other"), want: append(slices.Clone(solar), "wind-a")},
		"nothing":                          {ctx: as("carol"), want: nil},
		"all by review":                    {ctx: as("carol"), review: "carol list", want: all},
		"all by review, each once":         {ctx: as("alice"), review: "alice list", want: all},
		"a review of one name lists none":  {ctx: as("carol"), review: "carol get wind-a", want: nil},
		"label":                            {ctx: as("alice"), q: request{labels: "env=prod"}, want: []string{"solar-a", "solar-d"}},
		"label that is not set":            {ctx: as("alice"), q: request{labels: "!env"}, want: []string{"solar-b"}},
		"labels":                           {ctx: as("alice"), q: request{labels: "env in (prod,test),team"}, want: []string{"solar-d"}},
		"label of hidden ones":             {ctx: as("alice"), q: request{labels: "team=none"}, want: nil},
		"name":                             {ctx: as("alice"), q: request{fields: "metadata.name=solar-b"}, want: []string{"solar-b"}},
		"name of a hidden one":             {ctx: as("alice"), q: request{fields: "metadata.name=wind-a"}, want: nil},
		"not the name":                     {ctx: as("alice"), q: request{fields: "metadata.name!=solar-b"}, want: []string{"solar-a", "solar-c", "solar-d"}},
		"no namespace":                     {ctx: as("alice"), q: request{fields: "metadata.namespace="}, want: solar},
		"a namespace":                      {ctx: as("alice"), q: request{fields: "metadata.namespace=solar-a"}, want: nil},
		"not a namespace":                  {ctx: as("alice"), q: request{fields: "metadata.namespace!=solar-a"}, want: solar},
		"label and name":                   {ctx: as("alice"), q: request{labels: "env=prod", fields: "metadata.name=solar-d"}, want: []string{"solar-d"}},
		"label and name that do not match": {ctx: as("alice"), q: request{labels: "env=prod", fields: "metadata.name=solar-c"}, want: nil},
		"limit that is not reached":        {ctx: as("alice"), q: request{limit: 4}, want: solar},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newSolarFixture()
			f.reviews[tc.review] = true
			got, _ := f.list(tc.ctx, t, tc.q)
			want := answer{Names: tc.want, Version: "100", Remaining: -1}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int{len(tc.want)}, f.observed); diff != "" {
				t.Errorf("observed sizes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListReturnsTheObjects(t *testing.T) {
	f := newSolarFixture()
	got, err := f.List(as("bob", "windy"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.TenantNamespaceList{
		ListMeta: metav1.ListMeta{ResourceVersion: "100" + digits},
		Items: []v1alpha1.TenantNamespace{{
			ObjectMeta: metav1.ObjectMeta{
				Name:            "wind-a",
				UID:             got.(*v1alpha1.TenantNamespaceList).Items[0].UID, // tested with the conversions
				ResourceVersion: "15" + digits,
				Labels:          map[string]string{"env": "prod"},
			},
			Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
			Tenant: "wind",
		}},
	}
	if diff := cmp.Diff(runtime.Object(want), got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// Clients fail on "items": null.
func TestEmptyListHasItems(t *testing.T) {
	f := newSolarFixture()
	got, err := f.List(as("carol"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.TenantNamespaceList{ListMeta: metav1.ListMeta{ResourceVersion: "100" + digits}, Items: []v1alpha1.TenantNamespace{}}
	if diff := cmp.Diff(runtime.Object(want), got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// A selector must not move the entries of a list that others read. So a view must return copies of
// its slices.
func TestSelectorsLeaveTheViewAlone(t *testing.T) {
	f := newSolarFixture()
	before, _ := f.list(as("alice"), t, request{})
	f.list(as("alice"), t, request{labels: "env=test"})
	after, _ := f.list(as("alice"), t, request{})
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("list (-before +after):\n%s", diff)
	}
}

// Readers never see half of a change: all namespaces of a batch carry its number, and revisions
// never go back for one reader.
func TestListWhileWriting(t *testing.T) {
	const batches, size = 200, 20
	f := newFixture()
	f.ObserveList = nil
	f.grant(view.User("alice"), view.Partition("solar"), listAndGet)
	write := func(batch int) {
		version := uint64(1000 + batch*size)
		f.set.Update(version, func(tx *view.Tx) {
			for i := range size {
				name := fmt.Sprintf("solar-%02d", i)
				set := map[string]string{"batch": fmt.Sprint(batch)}
				tx.Put(f.view, view.Object{
					Attributes: view.Attributes{Name: name, Partition: "solar", Labels: view.NewLabels(set)},
					Version:    version + uint64(i),
					Value:      synthetic.Packed(&corev1.Namespace{}),
				})
			}
		})
	}
	write(0)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, q := range []request{{}, {limit: 7}, {labels: "batch"}} {
		readers.Go(func() {
			last := uint64(0)
			for more := true; more; {
				select {
				case <-done:
					more = false // read once more, to see the final state
				default:
				}
				last = readConsistently(t, f, q, size, last)
			}
		})
	}
	for batch := range batches {
		write(batch)
	}
	close(done)
	readers.Wait()
}

// readConsistently reads a list with all its pages and returns its revision.
func readConsistently(t *testing.T, f *fixture, q request, size int, last uint64) uint64 {
	seen := map[string]int{}
	var revision uint64
	for {
		got, err := f.List(as("alice"), q.options(t))
		if err != nil {
			t.Errorf("listing: %v", err)
			return last
		}
		l := got.(*v1alpha1.TenantNamespaceList)
		for i := range l.Items {
			seen[l.Items[i].Labels["batch"]]++
		}
		if _, err := fmt.Sscan(l.ResourceVersion, &revision); err != nil || revision < last {
			t.Errorf("revision %q after %d: %v", l.ResourceVersion, last, err)
		}
		if q.next = l.Continue; q.next == "" {
			break
		}
	}
	if len(seen) != 1 || seen[sortedKeys(seen)[0]] != size {
		t.Errorf("one list shows items of batches %v, want %d items of one batch", seen, size)
	}
	return revision
}

// Whoever limits the memory of answers learns how large a list is before it is made.
func TestListReservesItsSize(t *testing.T) {
	f := newSolarFixture()
	f.set.Update(200, func(tx *view.Tx) {
		tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: "large", Partition: "solar"}, Version: 200, Size: 1 << 20, Value: synthetic.Packed(&corev1.Namespace{})})
	})
	reserved, refused := 0, apierrors.NewTooManyRequests("no room", 1)
	ctx := registry.WithReserve(as("alice"), func(bytes int) error {
		reserved += bytes
		return refused
	})
	if _, err := f.List(ctx, nil); !errors.Is(err, refused) || reserved != 1<<20 {
		t.Errorf("%d bytes are reserved, error %v", reserved, err)
	}
}

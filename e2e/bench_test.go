// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

const (
	benchTenants    = 500
	benchNamespaces = 10 // of each tenant
	benchRequests   = 1000
	// benchTarget limits the time to list ten of 5,000 namespaces, as a multiple of the time to list none.
	benchTarget = 1.25
)

// TestListLatency measures how long an owner waits for a list of ten namespaces, among 5,000 of 500
// tenants, through the aggregation layer of kube-apiserver. It compares that with the empty list of a user
// without grants. The two alternate, so that other work of the machine slows down both. It runs only in
// make bench-e2e.
func TestListLatency(t *testing.T) {
	if os.Getenv("TENANTVIEW_BENCH") == "" {
		t.Skip("TENANTVIEW_BENCH is not set: make bench-e2e sets it")
	}
	objects := benchObjects(t)
	t.Cleanup(func() { shared.RemoveAll(t, objects) })
	if _, err := shared.Put(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
	settle(t)
	owner, nobody := shared.As(t, "owner-250"), shared.As(t, "nobody")
	path := kindOf("namespaces").Path()
	list := func(config *rest.Config, want int) time.Duration {
		start := time.Now()
		a := testcluster.Get(t, config, path)
		took := time.Since(start)
		if list := a.List(t); len(list.Items) != want {
			t.Fatalf("the list has %d items", len(list.Items))
		}
		return took
	}
	// The first requests open connections and fill caches of access reviews.
	for range 20 {
		list(owner, benchNamespaces)
		list(nobody, 0)
	}
	var ten, none []time.Duration
	for range benchRequests {
		ten = append(ten, list(owner, benchNamespaces))
		none = append(none, list(nobody, 0))
	}
	ratio := float64(median(ten)) / float64(median(none))
	fmt.Printf("list of %d of %d namespaces in %d tenants: median %v\nempty list of the same kind:                  median %v\nratio %.2f, target %.2f (%d requests each)\n",
		benchNamespaces, benchTenants*benchNamespaces, benchTenants, median(ten), median(none), ratio, benchTarget, benchRequests)
	if ratio > benchTarget {
		t.Errorf("the ratio %.2f is above the target", ratio)
	}
}

func benchObjects(t *testing.T) []*object {
	t.Helper()
	var all []*object
	for i := range benchTenants {
		yaml := fmt.Sprintf("{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: tenant-%[1]d}, spec: {owners: [{kind: User, name: owner-%[1]d}]}}\n", i)
		for n := range benchNamespaces {
			yaml += fmt.Sprintf("---\n{apiVersion: v1, kind: Namespace, metadata: {name: tenant-%[1]d-%[2]d, labels: {capsule.clastix.io/tenant: tenant-%[1]d}, "+
				"ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: tenant-%[1]d, uid: \"uid-of-tenant:tenant-%[1]d\"}]}}\n", i, n)
		}
		all = append(all, testcluster.Decode(t, yaml)...)
	}
	return all
}

func median(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[len(sorted)/2]
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// Sizes of the report of latencies: namespaces in all, Tenants between which they are divided, watches in
// all, divided between their owners, and writes.
const (
	benchNamespaces = 5000
	benchTenants    = 50
	benchWatches    = 1000
	benchWrites     = 500
)

// arrival is when a watch has told of a write.
type arrival struct {
	mark string
	at   time.Time
}

// TestLatency reports how long it takes from a write in kube-apiserver to the event at a client, by our watch
// and by a plain one of the same objects, in the same run. As many clients are told of each write by the one
// as by the other. It asserts no times.
func TestLatency(t *testing.T) {
	if os.Getenv("TENANTVIEW_BENCH") == "" {
		t.Skip("TENANTVIEW_BENCH is not set: make bench-e2e sets it")
	}
	for tenantNumber := range benchTenants {
		// Never deleted: the control plane is, when this is done.
		shared.Update(t, tenant(benchTenant(tenantNumber), fmt.Sprintf("{kind: User, name: owner-%d}", tenantNumber)))
	}
	k := kindOf("namespaces")
	namespaces := &strings.Builder{}
	for i := range benchNamespaces {
		name := benchTenant(i % benchTenants)
		namespaces.WriteString(k.object(fmt.Sprintf("%s-%d", name, i), ofTenant(k, name)+", labels: {bench: "+name+"}"))
	}
	shared.Update(t, namespaces.String())
	ours, plain := make(chan arrival, 10000), make(chan arrival, 10000)
	perTenant := benchWatches / benchTenants
	for i := range benchWatches {
		owner := i % benchTenants
		user := shared.As(t, fmt.Sprintf("owner-%d", owner))
		listen(t, user, k.Path()+"?watch=1", benchNamespaces/benchTenants, owner == 0, ours)
	}
	for range perTenant {
		listen(t, shared.Admin, k.UpstreamPath()+"?watch=1&labelSelector=bench%3D"+benchTenant(0), benchNamespaces/benchTenants, true, plain)
	}
	var ourTimes, plainTimes []time.Duration
	for i := range benchWrites {
		mark := fmt.Sprintf("write-%d", i)
		name := fmt.Sprintf("%s-%d", benchTenant(0), i*benchTenants%benchNamespaces)
		start := time.Now()
		shared.Patch(t, k.UpstreamKind, "", name, "{metadata: {annotations: {mark: "+mark+"}}}")
		for range perTenant {
			ourTimes = append(ourTimes, since(t, start, mark, ours))
			plainTimes = append(plainTimes, since(t, start, mark, plain))
		}
	}
	t.Logf("from a write to the event, %d namespaces, %d watches, %d writes, each told to %d clients:", benchNamespaces, benchWatches, benchWrites, perTenant)
	for _, p := range []int{50, 90, 99} {
		a, b := percentile(ourTimes, p), percentile(plainTimes, p)
		t.Logf("p%d: ours %v, plain %v, ratio %.2f", p, a.Round(10*time.Microsecond), b.Round(10*time.Microsecond), float64(a)/float64(b))
	}
}

func benchTenant(i int) string { return fmt.Sprintf("bench-%d", i) }

// listen watches and, after the initial events, notes when each write arrives, if it is to be noted.
func listen(t *testing.T, config *rest.Config, path string, initial int, note bool, arrivals chan<- arrival) {
	t.Helper()
	response, err := testcluster.Open(t.Context(), config, http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		t.Fatalf("%d: %s", response.StatusCode, body)
	}
	begun := make(chan struct{})
	go func() {
		defer response.Body.Close()
		decoder := json.NewDecoder(response.Body)
		for n := 0; ; n++ {
			if n == initial {
				close(begun)
			}
			var frame struct {
				Object struct {
					Metadata struct {
						Annotations map[string]string
					}
				}
			}
			if decoder.Decode(&frame) != nil {
				return
			}
			if mark := frame.Object.Metadata.Annotations["mark"]; note && mark != "" {
				arrivals <- arrival{mark, time.Now()}
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), testcluster.Patience)
	defer cancel()
	select {
	case <-begun:
	case <-ctx.Done():
		t.Fatalf("%s has not told %d objects", path, initial)
	}
}

func since(t *testing.T, start time.Time, mark string, arrivals <-chan arrival) time.Duration {
	t.Helper()
	timer := time.NewTimer(testcluster.Patience)
	defer timer.Stop()
	select {
	case a := <-arrivals:
		if a.mark != mark {
			t.Fatalf("got %s, want %s", a.mark, mark)
		}
		return a.at.Sub(start)
	case <-timer.C:
		t.Fatalf("%s was not told", mark)
		return 0
	}
}

func percentile(times []time.Duration, p int) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, len(times)*p/100)]
}

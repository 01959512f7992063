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

// Sizes of the report of latencies: namespaces in all, Tenants between which they are divided, watches at a
// time, divided between their owners, turns of each, and writes of a turn.
const (
	benchNamespaces = 5000
	benchTenants    = 50
	benchWatches    = 1000
	benchTurns      = 4
	benchWrites     = 150
)

// arrival is the time at which a watch delivered a write.
type arrival struct {
	mark string
	at   time.Time
}

// TestLatency reports the time from a write in kube-apiserver to the event at a client. It compares our watch
// with a plain one of the same objects, which an administrator selects by a label. The two alternate in one
// run, with equally many watches and events for each write. It does not assert times.
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
	ours := bench{k: k, watch: func(tenantNumber int) (*rest.Config, string) {
		return shared.As(t, fmt.Sprintf("owner-%d", tenantNumber)), k.Path() + "?watch=1"
	}}
	plain := bench{k: k, watch: func(tenantNumber int) (*rest.Config, string) {
		return shared.Admin, k.UpstreamPath() + "?watch=1&labelSelector=bench%3D" + benchTenant(tenantNumber)
	}}
	for range benchTurns {
		plain.turn(t)
		ours.turn(t)
	}
	t.Logf("from a write to the event, %d namespaces, %d watches, %d writes, each told to %d clients:",
		benchNamespaces, benchWatches, benchTurns*benchWrites, benchWatches/benchTenants)
	for _, p := range []int{50, 90, 99} {
		a, b := percentile(ours.times, p), percentile(plain.times, p)
		t.Logf("p%d: ours %v, plain %v, ratio %.2f", p, a.Round(10*time.Microsecond), b.Round(10*time.Microsecond), float64(a)/float64(b))
	}
}

// bench is one of the two watches that are compared.
type bench struct {
	k kind
	// watch says as whom, and of what, to watch the namespaces of a Tenant.
	watch func(tenantNumber int) (*rest.Config, string)
	times []time.Duration
}

// turn starts all watches, writes, records the times, and ends the watches.
func (b *bench) turn(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arrivals := make(chan arrival, benchWatches)
	for i := range benchWatches {
		tenantNumber := i % benchTenants
		config, path := b.watch(tenantNumber)
		listen(ctx, t, config, path, benchNamespaces/benchTenants, tenantNumber == 0, arrivals)
	}
	for range benchWrites {
		i := len(b.times) / (benchWatches / benchTenants)
		mark := fmt.Sprintf("%p-%d", b, i)
		name := fmt.Sprintf("%s-%d", benchTenant(0), i*benchTenants%benchNamespaces)
		start := time.Now()
		shared.Patch(t, b.k.UpstreamKind, "", name, "{metadata: {annotations: {mark: "+mark+"}}}")
		for range benchWatches / benchTenants {
			b.times = append(b.times, since(t, start, mark, arrivals))
		}
	}
}

func benchTenant(i int) string { return fmt.Sprintf("bench-%d", i) }

// listen watches and, after the initial events, notes when each write arrives, if it is to be noted.
func listen(ctx context.Context, t *testing.T, config *rest.Config, path string, initial int, note bool, arrivals chan<- arrival) {
	t.Helper()
	response, err := testcluster.Open(ctx, config, http.MethodGet, path, nil)
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
			if mark := frame.Object.Metadata.Annotations["mark"]; note && n >= initial {
				arrivals <- arrival{mark, time.Now()}
			}
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, testcluster.Patience)
	defer cancel()
	select {
	case <-begun:
	case <-ctx.Done():
		t.Fatalf("%s has not delivered %d initial objects", path, initial)
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
		t.Fatalf("%s was not delivered", mark)
		return 0
	}
}

func percentile(times []time.Duration, p int) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, len(times)*p/100)]
}

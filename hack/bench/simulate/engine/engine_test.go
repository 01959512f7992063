// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/hack/bench/simulate/upstream"
)

// The whole measurement: the engine checks by itself that all objects arrive, and that lists show all namespaces of
// a Tenant.
func TestRun(t *testing.T) {
	config := engine.Config{
		Shape:   shape.Shape{Namespaces: 200, Tenants: 20, Owners: 5, RoleBindings: 400, ProxySettings: 3, Nodes: 4, Volumes: 10},
		Changes: 300, Lists: 2_000, Watches: 50,
	}
	first, sent := run(t, config)
	if m := first; m.LoadSeconds <= 0 || m.LoadCPUSeconds <= 0 || m.PeakBytes < m.Memory.AnonymousBytes || m.Memory.HeapBytes < 1<<20 ||
		m.Memory.ResidentBytes < m.Memory.AnonymousBytes || m.Memory.AnonymousBytes < m.Memory.HeapBytes {
		t.Errorf("measured %+v", m)
	}
	var names []string
	for _, c := range append(first.Changes, first.Lists...) {
		names = append(names, c.Name)
		if c.AllocatedBytes < 100 || c.GCMicros <= 0 || c.CPUMicros <= c.GCMicros {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
	want := []string{"tenants", "namespaces", "rolebindings", "nodes", "member of 3 groups", "member of 300 groups"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("what was measured (-want +got):\n%s", diff)
	}
	if before, after := first.BeforeWatches.Goroutines, first.WatchMemory.Goroutines; after < before+config.Watches {
		t.Errorf("%d goroutines before and %d with watches", before, after)
	}
	for resource, count := range map[string]int{"namespaces": 200, "rolebindings": 400, "tenants": 20} {
		if s := sent[resource]; s.Objects != count || s.Bytes < int64(100*count) || s.Changes != 331 || s.ChangeBytes < 331*100 {
			t.Errorf("%s: sent %+v", resource, s)
		}
	}
	// The figures are compared with each other, so the same cluster must send the same.
	if _, again := run(t, config); !cmp.Equal(sent, again) {
		t.Errorf("sent (-first +second):\n%s", cmp.Diff(sent, again))
	}
}

// A whole server answers, and says how much memory it has, until its input ends.
func TestServe(t *testing.T) {
	s := shape.Shape{Namespaces: 200, Tenants: 20}
	cluster := serve(t, upstream.New(s))
	in, commands := io.Pipe()
	results, out := io.Pipe()
	stopped := make(chan error, 1)
	go func() { stopped <- engine.Serve(t.Context(), cluster, in, out) }()
	output := json.NewDecoder(results)
	memory := func() (m engine.Memory) {
		if err := json.NewEncoder(commands).Encode("memory"); err != nil {
			t.Fatal(err)
		}
		if err := output.Decode(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	var ready engine.Ready
	if err := output.Decode(&ready); err != nil {
		t.Fatal(err)
	}
	r := &engine.Requester{Host: ready.Host, Shape: s, Client: engine.Client()}
	cost, err := r.Lists(t.Context(), os.Getpid(), 500)
	if err != nil || cost.CPUMicros <= 0 || cost.Count != 500 {
		t.Errorf("lists: %+v, %v", cost, err)
	}
	before := memory()
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	if err := r.Watch(watching, 40); err != nil {
		t.Fatal(err)
	}
	if after := memory(); after.Goroutines < before.Goroutines+40 {
		t.Errorf("%d goroutines before and %d with watches", before.Goroutines, after.Goroutines)
	}
	stop()
	if err := commands.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, config engine.Config) (*engine.Measured, map[string]upstream.Sent) {
	t.Helper()
	u := upstream.New(config.Shape)
	m, err := engine.Run(t.Context(), config, serve(t, u))
	if err != nil {
		t.Fatal(err)
	}
	return m, u.Sent()
}

func serve(t *testing.T, u *upstream.Upstream) *rest.Config {
	t.Helper()
	server := httptest.NewUnstartedServer(u)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"time"

	"capsule.dev/tenantview/hack/bench/machine"
	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/hack/bench/simulate/upstream"
)

// measureAll measures everything, one process after the other.
func measureAll(ctx context.Context, root string, divide int) (*results, error) {
	r := &results{Date: time.Now().UTC().Format(time.DateOnly)}
	var err error
	if r.Commit, r.Machine, err = machine.Local(ctx, root); err != nil {
		return nil, err
	}
	all := plan(divide)
	for i := range all {
		if err := r.add(ctx, all[i]); err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%d of %d measured\n", i+1, len(all))
	}
	// Again, with the memory that the document recommends.
	for _, e := range r.Runs {
		if e.Fitted && e.Watches > 0 {
			limited := engine.Config{Shape: e.Shape, MemoryLimit: int64(memoryLimit(float64(e.Measured.Memory.HeapBytes)))}
			if err := r.add(ctx, measurement{Config: limited}); err != nil {
				return nil, err
			}
		}
	}
	for _, m := range serverPlan(divide) {
		started := time.Now()
		measured, err := measureServer(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("a server with %+v: %w", m.Shape, err)
		}
		fmt.Fprintf(os.Stderr, "server: %+v: %d MiB resident, %.0f s in all\n", m.Shape, measured.Memory.ResidentBytes>>20, time.Since(started).Seconds())
		r.Servers = append(r.Servers, *measured)
	}
	return r, nil
}

// add measures an engine and keeps the result.
func (r *results) add(ctx context.Context, m measurement) error {
	started := time.Now()
	measured, err := measure(ctx, m)
	if err != nil {
		return fmt.Errorf("%+v: %w", m.Shape, err)
	}
	r.Runs = append(r.Runs, *measured)
	fmt.Fprintf(os.Stderr, "engine: %+v: heap %d MiB, loaded in %.1f s, %.0f s in all\n", m.Shape,
		measured.Measured.Memory.HeapBytes>>20, measured.Measured.LoadSeconds, time.Since(started).Seconds())
	return nil
}

// measure measures an engine that reads one cluster.
func measure(ctx context.Context, m measurement) (*entry, error) {
	e := &entry{Config: m.Config, Fitted: m.fitted}
	var err error
	e.Sent, err = withCluster(m.Shape, func(t task) error {
		t.Config = m.Config
		command, err := self(ctx, engineFlag)
		if err != nil {
			return err
		}
		input, err := json.Marshal(t)
		if err != nil {
			return err
		}
		command.Stdin = bytes.NewReader(input)
		output, err := command.Output()
		if err != nil {
			return err
		}
		return json.Unmarshal(output, &e.Measured)
	})
	return e, err
}

// withCluster serves a cluster while it is used, and returns what was sent.
func withCluster(s shape.Shape, use func(task) error) (map[string]upstream.Sent, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	u := upstream.New(s)
	server := httptest.NewUnstartedServer(u)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	err := use(task{Host: server.URL, CA: ca})
	return u.Sent(), err
}

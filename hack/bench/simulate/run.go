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

	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/hack/bench/simulate/upstream"
)

// run measures everything that is not among the results yet, one process after the other. It calls save after each of
// them.
func (r *results) run(ctx context.Context, divide int, save func() error) error {
	fitted, checks := plan(divide)
	for i := range fitted {
		if err := r.add(ctx, fitted[i], save); err != nil {
			return err
		}
	}
	for _, c := range serverPlan(divide) {
		if err := r.addServer(ctx, c, save); err != nil {
			return fmt.Errorf("a server with %+v: %w", c.Shape, err)
		}
	}
	// Again, with the memory that the document recommends.
	for _, e := range with(r, func(e *entry) bool { return e.Fitted && e.Watches > 0 }) {
		limited := engine.Config{Shape: e.Shape, MemoryLimit: int64(memoryLimit(float64(e.Measured.Memory.HeapBytes)))}
		if err := r.add(ctx, measurement{Config: limited}, save); err != nil {
			return err
		}
	}
	for i := range checks {
		if err := r.add(ctx, checks[i], save); err != nil {
			return err
		}
	}
	return nil
}

// add measures an engine and keeps the result.
func (r *results) add(ctx context.Context, m measurement, save func() error) error {
	if len(with(r, func(e *entry) bool { return e.Config == m.Config && e.Fitted == m.fitted })) > 0 {
		return nil
	}
	started := time.Now()
	measured, err := measure(ctx, m)
	if err != nil {
		return fmt.Errorf("%+v: %w", m.Config, err)
	}
	r.Runs = append(r.Runs, *measured)
	fmt.Fprintf(os.Stderr, "engine: %s: heap %s, read in %.1f s, %.0f s in all\n", describe(m.Shape),
		mebibytes(float64(measured.Measured.Memory.HeapBytes)), measured.Measured.LoadSeconds, time.Since(started).Seconds())
	return save()
}

// addServer measures a whole server and keeps the result.
func (r *results) addServer(ctx context.Context, c engine.Config, save func() error) error {
	for i := range r.Servers {
		if r.Servers[i].Shape == c.Shape {
			return nil
		}
	}
	started := time.Now()
	measured, err := measureServer(ctx, c)
	if err != nil {
		return err
	}
	r.Servers = append(r.Servers, *measured)
	fmt.Fprintf(os.Stderr, "server: %s: resident %s, %.0f s in all\n", describe(c.Shape),
		mebibytes(float64(measured.Memory.ResidentBytes)), time.Since(started).Seconds())
	return save()
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

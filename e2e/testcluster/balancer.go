// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
)

// Balancer stands for the Service of several servers: it gives each connection to one of its backends.
type Balancer struct {
	listener net.Listener
	ready    func(backend string) bool

	mu       sync.Mutex
	backends []string
	conns    map[net.Conn]struct{}
}

// NewBalancer returns a balancer without backends, on its own port of loopback. It ends with the test.
func NewBalancer(t testing.TB) *Balancer {
	t.Helper()
	return NewReadyBalancer(t, func(string) bool { return true })
}

// NewReadyBalancer is like NewBalancer, but gives new connections only to backends that are ready, like a
// Service, whose endpoints are the Pods that are ready.
func NewReadyBalancer(t testing.TB, ready func(backend string) bool) *Balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Balancer{listener: listener, ready: ready, conns: make(map[net.Conn]struct{})}
	t.Cleanup(func() {
		listener.Close()
		b.Use()
	})
	go b.serve()
	return b
}

// Port returns the port of the balancer.
func (b *Balancer) Port() int { return b.listener.Addr().(*net.TCPAddr).Port }

// Use cuts all connections. New ones go to one of these backends.
func (b *Balancer) Use(backends ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = backends
	for c := range b.conns {
		c.Close()
	}
}

// Set makes new connections go to one of these backends. Existing ones stay.
func (b *Balancer) Set(backends ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = backends
}

func (b *Balancer) serve() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.pass(c)
	}
}

func (b *Balancer) pass(c net.Conn) {
	defer c.Close()
	b.mu.Lock()
	backends := slices.Clone(b.backends)
	b.mu.Unlock()
	rand.Shuffle(len(backends), func(i, j int) { backends[i], backends[j] = backends[j], backends[i] })
	for _, backend := range backends { // one that is down is left out
		if !b.ready(backend) {
			continue
		}
		to, err := net.Dial("tcp", backend)
		if err != nil {
			continue
		}
		b.join(c, to)
		return
	}
}

func (b *Balancer) join(c, to net.Conn) {
	b.mu.Lock()
	b.conns[c], b.conns[to] = struct{}{}, struct{}{}
	b.mu.Unlock()
	go func() {
		_, _ = io.Copy(to, c)
		to.Close()
	}()
	_, _ = io.Copy(c, to)
	c.Close()
	b.mu.Lock()
	delete(b.conns, c)
	delete(b.conns, to)
	b.mu.Unlock()
}

// LeadTo makes the APIService lead to a port of loopback, and returns when it is Available. The end of the
// test makes it lead to the server of the control plane again.
func (c *Cluster) LeadTo(t testing.TB, port int) {
	t.Helper()
	lead := func(ctx context.Context, port int) error {
		service := fmt.Sprintf("spec: {ports: [{name: https, port: %d}]}", port)
		if err := c.TryPatch(ctx, "Service", controlplane.ServerNamespace, controlplane.ServerName, service); err != nil {
			return err
		}
		api := fmt.Sprintf("spec: {service: {port: %d}}", port)
		if err := c.TryPatch(ctx, "APIService", "", controlplane.APIServiceName, api); err != nil {
			return err
		}
		return c.WaitAPIServiceAvailable(ctx)
	}
	t.Cleanup(func() {
		if err := lead(context.WithoutCancel(t.Context()), c.Ports().Server); err != nil {
			t.Error(err)
		}
	})
	if err := lead(t.Context(), port); err != nil {
		t.Fatal(err)
	}
}

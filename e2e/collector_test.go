// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/hex"
	"net"
	"sync"
	"testing"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// collector is a collector of traces that keeps all spans.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer
	address string

	mu sync.Mutex
	// spans are by trace, and services the names of those that sent them.
	spans    map[string][]*tracev1.Span
	services map[string]bool
}

// collect runs a collector until the test ends.
func collect(t *testing.T) *collector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{address: listener.Addr().String(), spans: map[string][]*tracev1.Span{}, services: map[string]bool{}}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c
}

// Export implements the protocol.
func (c *collector) Export(_ context.Context, r *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range r.GetResourceSpans() {
		for _, a := range of.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				c.services[a.GetValue().GetStringValue()] = true
			}
		}
		for _, scope := range of.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				trace := hex.EncodeToString(span.GetTraceId())
				c.spans[trace] = append(c.spans[trace], span)
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// of returns the names of a trace's spans, with the spans.
func (c *collector) of(trace string) map[string]*tracev1.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	byName := map[string]*tracev1.Span{}
	for _, span := range c.spans[trace] {
		byName[span.GetName()] = span
	}
	return byName
}

// traces returns how many traces there are, and who has sent them.
func (c *collector) traces() (n int, services []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for service := range c.services {
		services = append(services, service)
	}
	return len(c.spans), services
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/tracing"
)

// Writes that are made for a request belong to its trace. What its user put into the baggage stays
// behind: it would come from the server's identity. What the server reads for all belongs to no trace.
func TestTracedRequests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tracing.yaml")
	const content = "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: 127.0.0.1:1\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	traced, untraced := config(t, "--enable-writes", "--tracing-config-file="+file), config(t, "--enable-writes")
	member, err := baggage.NewMember("key", "value")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := traced.Generic.TracerProvider.Tracer("").Start(baggage.ContextWithBaggage(t.Context(), bag), "request")
	defer span.End()
	// So that the test notices if there is no baggage to send.
	carrier := http.Header{}
	tracing.Propagators().Inject(ctx, propagation.HeaderCarrier(carrier))
	if carrier.Get("Baggage") == "" {
		t.Fatal("the context has no baggage")
	}
	id := span.SpanContext().TraceID().String()
	for name, tc := range map[string]struct {
		config *rest.Config
		trace  string
	}{
		"writes":             {traced.Writes, id},
		"reads":              {traced.Cluster, ""},
		"writes, not traced": {untraced.Writes, ""},
	} {
		got := headersOf(ctx, t, tc.config)
		trace := got.Get("Traceparent")
		if len(trace) > 35 {
			trace = trace[3:35]
		}
		if trace != tc.trace {
			t.Errorf("%s: traceparent %q is not of trace %q", name, got.Get("Traceparent"), tc.trace)
		}
		if bag := got.Get("Baggage"); bag != "" {
			t.Errorf("%s: the baggage %q was sent on", name, bag)
		}
	}
}

// headersOf returns the headers of a request that a client with this configuration sends.
func headersOf(ctx context.Context, t *testing.T, config *rest.Config) http.Header {
	t.Helper()
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer server.Close()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return got
}

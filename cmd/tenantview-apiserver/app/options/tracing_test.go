// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/tracing"
)

// Requests that are made for a request belong to its trace. What its user put into the baggage stays
// behind: it would come from the server's identity.
func TestTracedRequests(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer server.Close()
	tp := sdktrace.NewTracerProvider()
	config := &rest.Config{Host: server.URL}
	trace(config, tp)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	member, err := baggage.NewMember("key", "value")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tp.Tracer("").Start(baggage.ContextWithBaggage(t.Context(), bag), "request")
	defer span.End()
	// So that the test notices if there is no baggage to send.
	carrier := http.Header{}
	tracing.Propagators().Inject(ctx, propagation.HeaderCarrier(carrier))
	if carrier.Get("Baggage") == "" {
		t.Fatal("the context has no baggage")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	id := span.SpanContext().TraceID().String()
	if parent := got.Get("Traceparent"); len(parent) < 36 || parent[3:35] != id {
		t.Errorf("traceparent %q is not of trace %s", parent, id)
	}
	if bag := got.Get("Baggage"); bag != "" {
		t.Errorf("the baggage %q was sent on", bag)
	}
}

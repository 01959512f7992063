// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"k8s.io/component-base/tracing"
)

// slowSpan is how long a part of a request must take to be in the log, as for the parts of the generic
// server's handlers (k8s.io/apiserver/pkg/endpoints/handlers, ListResource).
const slowSpan = 500 * time.Millisecond

// startSpan begins a span for a part of a request, which the caller must end with slowSpan. The caller
// may add numbers to it, but no error and no name of a user, tenant or object.
func (r *REST) startSpan(ctx context.Context, name string) (context.Context, *tracing.Span) {
	return tracing.Start(ctx, name, attribute.String("resource", r.kind.Resource))
}

// found notes in a span how many objects were found.
func found(span *tracing.Span, objects int) {
	span.AddEvent("Found", attribute.Int("objects", objects))
}

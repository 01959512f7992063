// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/tracing"
	tracingapi "k8s.io/component-base/tracing/api/v1"
)

// serviceName is the name of the server in traces.
const serviceName = "tenantview-apiserver"

// applyTracing makes the server send spans to the collector that the file of --tracing-config-file
// names. TracingOptions.ApplyTo does the same, but calls every server "apiserver", so that nobody could
// tell this one from kube-apiserver.
//
// Users cannot make the server record more than its sampling rate: the filter of k8s.io/apiserver
// (pkg/endpoints/filters, WithTracing) follows the sampling decision of a request only if its user is
// in system:masters or system:monitoring. For other users it begins a new trace, with a link to theirs.
func (o *Options) applyTracing(config *genericapiserver.Config) error {
	if o.Tracing.ConfigFile == "" {
		return nil
	}
	c, err := readTracing(o.Tracing.ConfigFile)
	if err != nil {
		return err
	}
	config.TracerProvider, err = tracing.NewProvider(context.Background(), c, nil, []resource.Option{
		resource.WithAttributes(attribute.String("service.name", serviceName), attribute.String("service.instance.id", config.APIServerID)),
	})
	return err
}

// readTracing returns the tracing configuration in a file. Its error is one line.
func readTracing(file string) (*tracingapi.TracingConfiguration, error) {
	c, err := genericoptions.ReadTracingConfiguration(file)
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if errs := tracingapi.ValidateTracingConfiguration(c, utilfeature.DefaultFeatureGate, nil); len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", file, errs.ToAggregate())
	}
	return c, nil
}

// trace makes a client's requests part of the traces of the requests that they are made for, if the server
// records traces.
//
// It leaves out the baggage, unlike tracing.WrapperFor: users write that, and the server must not send
// it on in its own name.
func (o *Options) trace(client *rest.Config, tp tracing.TracerProvider) {
	if o.Tracing.ConfigFile == "" {
		return
	}
	client.Wrap(func(transport http.RoundTripper) http.RoundTripper {
		return otelhttp.NewTransport(transport, otelhttp.WithTracerProvider(tp), otelhttp.WithPropagators(propagation.TraceContext{}))
	})
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net/http"
	"time"

	"k8s.io/apiserver/pkg/endpoints/filterlatency"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/filters/impersonation"
	genericfeatures "k8s.io/apiserver/pkg/features"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
	"k8s.io/apiserver/pkg/server/routine"

	"capsule.dev/tenantview/pkg/registry"
)

// buildHandlerChain wraps the API in the filters of the server. They are those of
// genericapiserver.DefaultBuildHandlerChain, in the same order, with these differences:
//
//   - Requests whose URI or selectors are too long are refused before anything else.
//   - Each request takes from its user's share of requests or watches before impersonation and
//     authorization, which both wait for reviews. These shares bound the requests under way.
//   - Authorization may answer TooManyRequests, and does not see selectors.
//   - Options that this server never sets are left out: CORS, priority and fairness, goaway
//     chance, retry-after on shutdown, and endpoints that are installed while it serves.
func (l limits) buildHandlerChain(api http.Handler, c *genericapiserver.Config) http.Handler {
	handler := withMetadataInProtobuf(registry.WithWantsTable(withWriteRequests(api)))
	handler = l.authorized(handler, c)
	handler = authenticated(handler, c)
	handler = bounded(handler, c)
	return l.withShortURIs(withSmallSelectors(withWriteDeadline(handler, c.RequestTimeout+l.grace)))
}

// checkChain returns an error if an option is set that the filters would ignore.
func checkChain(c *genericapiserver.Config) error {
	switch {
	case len(c.CorsAllowedOriginList) > 0:
		return errors.New("CORS is not supported")
	case c.FlowControl != nil:
		return errors.New("priority and fairness is not supported")
	case c.GoawayChance > 0:
		return errors.New("a goaway chance is not supported")
	case c.ShutdownSendRetryAfter:
		return errors.New("retry-after on shutdown is not supported")
	default:
		return nil
	}
}

// authorized adds the filters that come after authentication.
func (l limits) authorized(handler http.Handler, c *genericapiserver.Config) http.Handler {
	handler = filterlatency.TrackCompleted(handler)
	handler = withAuthorization(handler, c)
	handler = filterlatency.TrackStarted(handler, c.TracerProvider, "authorization")

	// This never refuses a request, because shares are smaller. It is there for its metrics.
	handler = genericfilters.WithMaxInFlightLimit(handler, 2*l.requestsOfAll, 2*l.requestsOfAll, c.LongRunningFunc)

	handler = filterlatency.TrackCompleted(handler)
	if c.FeatureGate.Enabled(genericfeatures.ConstrainedImpersonation) {
		handler = impersonation.WithConstrainedImpersonation(handler, c.Authorization.Authorizer, c.Serializer)
	} else {
		handler = impersonation.WithImpersonation(handler, c.Authorization.Authorizer, c.Serializer)
	}
	handler = filterlatency.TrackStarted(handler, c.TracerProvider, "impersonation")

	handler = l.withShares(handler, c)

	handler = filterlatency.TrackCompleted(handler)
	handler = genericapifilters.WithAudit(handler, c.AuditBackend, c.AuditPolicyRuleEvaluator, c.LongRunningFunc)
	return filterlatency.TrackStarted(handler, c.TracerProvider, "audit")
}

// authenticated adds the filters that authenticate requests. They refuse a request whose user they
// cannot determine.
func authenticated(handler http.Handler, c *genericapiserver.Config) http.Handler {
	failed := genericapifilters.Unauthorized(c.Serializer)
	failed = genericapifilters.WithFailedAuthenticationAudit(failed, c.AuditBackend, c.AuditPolicyRuleEvaluator)
	failed = filterlatency.TrackCompleted(failed)

	handler = genericapifilters.WithTracing(handler, c.TracerProvider)
	handler = filterlatency.TrackCompleted(handler)
	handler = genericapifilters.WithAuthentication(handler, c.Authentication.Authenticator, failed, c.Authentication.APIAudiences, c.Authentication.RequestHeaderConfig)
	return filterlatency.TrackStarted(handler, c.TracerProvider, "authentication")
}

// bounded adds the filters that end requests in time and confine their failures.
func bounded(handler http.Handler, c *genericapiserver.Config) http.Handler {
	handler = genericapifilters.WithWarningRecorder(handler)
	handler = genericfilters.WithTimeoutForNonLongRunningRequests(handler, c.LongRunningFunc)
	handler = genericapifilters.WithRequestDeadline(handler, c.AuditBackend, c.AuditPolicyRuleEvaluator, c.LongRunningFunc, c.Serializer, c.RequestTimeout)
	handler = genericfilters.WithWaitGroup(handler, c.LongRunningFunc, c.NonLongRunningRequestWaitGroup)
	if c.ShutdownWatchTerminationGracePeriod > 0 {
		handler = genericfilters.WithWatchTerminationDuringShutdown(handler, newShutdown(c), c.WatchRequestWaitGroup)
	}
	handler = genericapifilters.WithCacheControl(handler)
	handler = genericfilters.WithHSTS(handler, c.HSTSDirectives)
	handler = genericfilters.WithHTTPLogging(handler)
	handler = genericapifilters.WithLatencyTrackers(handler)
	if c.FeatureGate.Enabled(genericfeatures.APIServingWithRoutine) {
		handler = routine.WithRoutine(handler, c.LongRunningFunc)
	}
	handler = genericapifilters.WithRequestInfo(handler, withoutSelectors{c.RequestInfoResolver})
	handler = genericapifilters.WithRequestReceivedTimestamp(handler)
	handler = genericfilters.WithPanicRecovery(handler, c.RequestInfoResolver)
	return genericapifilters.WithAuditInit(handler)
}

// shutdown signals watches that the server stops accepting requests. The generic server's own
// signal is not exported; this one comes at the same time after the shutdown has begun.
type shutdown struct{ begun <-chan struct{} }

func newShutdown(c *genericapiserver.Config) shutdown {
	begun := make(chan struct{})
	go func() {
		<-c.ShutdownInitiatedNotify()
		time.Sleep(c.ShutdownDelayDuration)
		close(begun)
	}()
	return shutdown{begun}
}

// ShuttingDown implements request.ServerShutdownSignal.
func (s shutdown) ShuttingDown() <-chan struct{} { return s.begun }

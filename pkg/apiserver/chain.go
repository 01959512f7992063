// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net/http"
	"reflect"
	"time"

	"k8s.io/apiserver/pkg/endpoints/filterlatency"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/filters/impersonation"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericfeatures "k8s.io/apiserver/pkg/features"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
	"k8s.io/apiserver/pkg/server/routine"
	"k8s.io/component-base/tracing"

	"capsule.dev/tenantview/pkg/registry"
)

// buildHandlerChain wraps the API in the filters of the server. They are those of
// genericapiserver.DefaultBuildHandlerChain, in the same order, with these differences:
//
//   - Requests whose URI or selectors are too long are refused before anything else.
//   - Each request takes from its user's share of requests or watches before impersonation and
//     authorization, which both wait for reviews. These shares bound the requests under way.
//   - Authorization may answer TooManyRequests, and does not see selectors.
//   - A stopping server still answers the requests that it gets.
//   - The filter of traces is left out if nothing records them. It would only pass on to other servers
//     what the client says of its trace, which this server does not (see --tracing-config-file).
//   - Options that this server never sets are left out: CORS, priority and fairness, goaway
//     chance, retry-after on shutdown, and endpoints that are installed while it serves.
func (l limits) buildHandlerChain(api http.Handler, c *genericapiserver.Config) http.Handler {
	handler := withMetadataInProtobuf(registry.WithForm(withSmallBodies(withWriteRequests(api))))
	handler = l.authorized(handler, c)
	handler = authenticated(handler, c)
	handler = bounded(handler, c)
	return l.guarded(handler, c.RequestTimeout)
}

// guarded adds the filters that come before all others. A request that they refuse has deadlines, too.
func (l limits) guarded(handler http.Handler, timeout time.Duration) http.Handler {
	return withDeadlines(l.withShortURIs(withSmallSelectors(handler)), timeout+l.grace)
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

	if records(c.TracerProvider) {
		handler = genericapifilters.WithTracing(handler, c.TracerProvider)
	}
	handler = filterlatency.TrackCompleted(handler)
	handler = genericapifilters.WithAuthentication(handler, c.Authentication.Authenticator, failed, c.Authentication.APIAudiences, c.Authentication.RequestHeaderConfig)
	return filterlatency.TrackStarted(handler, c.TracerProvider, "authentication")
}

// records returns whether a provider of tracers records anything.
func records(tp tracing.TracerProvider) bool {
	return reflect.TypeOf(tp) != reflect.TypeOf(tracing.NewNoopTracerProvider())
}

// bounded adds the filters that end requests in time and confine their failures.
func bounded(handler http.Handler, c *genericapiserver.Config) http.Handler {
	handler = genericapifilters.WithWarningRecorder(handler)
	handler = genericfilters.WithTimeoutForNonLongRunningRequests(handler, c.LongRunningFunc)
	handler = genericapifilters.WithRequestDeadline(handler, c.AuditBackend, c.AuditPolicyRuleEvaluator, c.LongRunningFunc, c.Serializer, c.RequestTimeout)
	handler = withWaitGroup(handler, c.LongRunningFunc, c.NonLongRunningRequestWaitGroup)
	if c.ShutdownWatchTerminationGracePeriod > 0 {
		handler = genericfilters.WithWatchTerminationDuringShutdown(handler, newShutdown(c.ShutdownInitiatedNotify(), c.ShutdownDelayDuration), c.WatchRequestWaitGroup)
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

// withWaitGroup counts the requests for which a stopping server waits, except watches. It is like
// genericfilters.WithWaitGroup, which refuses requests once the server waits. But such requests
// come on connections of clients that do not know yet that the server goes away: the server tells
// them at that moment, and another server would have answered them. http.Server.Shutdown waits for
// them, too.
func withWaitGroup(handler http.Handler, longRunning request.LongRunningRequestCheck, group genericfilters.RequestWaitGroup) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := request.RequestInfoFrom(r.Context())
		if counted := ok && !longRunning(r, info) && group.Add(1) == nil; counted {
			defer group.Done()
		}
		handler.ServeHTTP(w, r)
	})
}

// shutdown signals watches that the server stops accepting requests. The generic server's own
// signal is not exported; this one comes soon after it.
type shutdown struct{ begun <-chan struct{} }

// goAway is the time between the moment when the server tells its clients to use other connections
// and the end of the watches. Otherwise the clients would ask the same server again.
const goAway = 250 * time.Millisecond

// newShutdown returns a signal that comes when the server stops accepting requests: a delay after
// the shutdown was initiated.
func newShutdown(initiated <-chan struct{}, delay time.Duration) shutdown {
	begun := make(chan struct{})
	go func() {
		<-initiated
		time.Sleep(delay + goAway)
		close(begun)
	}()
	return shutdown{begun}
}

// ShuttingDown implements request.ServerShutdownSignal.
func (s shutdown) ShuttingDown() <-chan struct{} { return s.begun }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/metrics"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

// limits keeps a client from using up what all users share, even if it reaches the server's own
// port and never reads a response.
type limits struct {
	// uri is the maximum length of a request's URI.
	uri int
	// requests and watches bound what each user has at a time, and requestsOfAll and watchesOfAll
	// what all users have together. Half of the latter is reserved for users who have none.
	requests, requestsOfAll, watches, watchesOfAll int
	// answers and answersOfAll limit the bytes of lists that are being answered. Tables, for example,
	// are kept whole until the client has read them.
	answers, answersOfAll int
	// grace is how long a client may take to read the rest of a response.
	grace time.Duration
}

// watchQuery is the length of query for which a watch counts as one more. A watch keeps its
// selectors, which take up to ten times their length, and twice as much heap as all the rest.
const watchQuery = 2 << 10

// smallAnswer is the size below which an answer does not count: 400 of them take 100 MiB.
const smallAnswer = 256 << 10

var defaultLimits = limits{
	// The maximum of common proxies.
	uri: 8 << 10,
	// Most clients of the Kubernetes API wait for a response before they send the next request, or
	// limit themselves to some ten requests a second.
	requests: 50,
	// The default of the generic server (genericapiserver.NewConfig, MaxRequestsInFlight).
	requestsOfAll: 400,
	// Seven informers, one for each kind, in well over a hundred clients.
	watches: 1000,
	// A watch takes 24 KiB of heap, so all take 470 MiB. Half of them may belong to users with
	// several watches; the other half is for the first watch of each other user.
	watchesOfAll: 20_000,
	// An eighth of a gigabyte for large answers, and twice as much with those that have one each.
	answers:      64 << 20,
	answersOfAll: 256 << 20,
	grace:        5 * time.Second,
}

// withShortURIs refuses requests with long URIs before the server parses them.
func (l limits) withShortURIs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if len(req.RequestURI) > l.uri {
			refuse(w, req, registry.RefusedURI, &apierrors.StatusError{ErrStatus: metav1.Status{
				Status: metav1.StatusFailure, Code: http.StatusRequestURITooLong,
				Message: fmt.Sprintf("the URI of the request is longer than %d bytes; a shorter selector may do", l.uri),
			}})
			return
		}
		next.ServeHTTP(w, req)
	})
}

// withShares limits the requests under way and the watches of each user. A request counts until its
// handler is done, including the time for reviews. Probes do not count: they are for everybody, and
// short.
//
// Members of system:masters are never refused, as in the generic server
// (k8s.io/apiserver/pkg/server/filters, WithMaxInFlightLimit).
func (l limits) withShares(next http.Handler, c *genericapiserver.Config) http.Handler {
	requests := registry.NewLimit("requests under way", l.requests, l.requestsOfAll)
	answers := registry.NewSizeLimit("bytes of answers under way", l.answers, l.answersOfAll)
	watches := registry.NewLimit("watches", l.watches, l.watchesOfAll)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		who, isUser := genericapirequest.UserFrom(ctx)
		info, isKnown := genericapirequest.RequestInfoFrom(ctx)
		if !isUser || !isKnown || isProbe(info) {
			next.ServeHTTP(w, req)
			return
		}
		share, size, reason := requests, 1, registry.RefusedRequests
		if c.LongRunningFunc(req, info) {
			share, size, reason = watches, 1+len(req.URL.RawQuery)/watchQuery, registry.RefusedWatches
			req = req.WithContext(registry.WithWatching(ctx, func(running bool) {
				deadline := time.Time{}
				if !running {
					deadline = time.Now().Add(l.grace)
				}
				responseDeadlineOf(ctx).until(deadline)
			}))
		}
		isPrivileged := slices.Contains(who.GetGroups(), user.SystemPrivilegedGroup)
		giveBackAnswer := func() {}
		defer func() { giveBackAnswer() }()
		req = req.WithContext(registry.WithReserve(req.Context(), func(bytes int) error {
			if bytes < smallAnswer || isPrivileged {
				return nil
			}
			giveBack, err := answers.TakeN(who, bytes)
			if err != nil {
				observeRefusal(registry.RefusedAnswers)
				return err
			}
			// A request may reserve several times: for its body and for its answer.
			before := giveBackAnswer
			giveBackAnswer = func() {
				before()
				giveBack()
			}
			return nil
		}))
		giveBack, err := share.TakeN(who, size)
		switch {
		case err == nil:
			defer giveBack()
		case !isPrivileged:
			if isServed(info) { // or users could make a series of each name that they invent
				metrics.RecordDroppedRequest(req, info, metrics.APIServerComponent, req.Method != http.MethodGet)
			}
			refuse(w, req, reason, err)
			return
		}
		next.ServeHTTP(w, req)
	})
}

var served = Resources()

// isServed returns whether a request is for a resource of this server, or for one of its objects.
func isServed(info *genericapirequest.RequestInfo) bool {
	return info.IsResourceRequest && info.Subresource == "" &&
		served.Has(schema.GroupVersionResource{Group: info.APIGroup, Version: info.APIVersion, Resource: info.Resource})
}

// refuse answers a request that exceeds a limit. The reason is for metrics.
func refuse(w http.ResponseWriter, req *http.Request, reason string, err error) {
	observeRefusal(reason)
	responsewriters.ErrorNegotiated(err, Codecs, v1alpha1.SchemeGroupVersion, w, req)
}

// exceptProbes makes the generic server treat probes as long-running requests. It neither counts
// nor refuses those, however many requests are under way. It does not time them out either, but
// kubelet and withDeadlines do.
func exceptProbes(longRunning genericapirequest.LongRunningRequestCheck) genericapirequest.LongRunningRequestCheck {
	return func(req *http.Request, info *genericapirequest.RequestInfo) bool {
		return isProbe(info) || longRunning(req, info)
	}
}

func isProbe(info *genericapirequest.RequestInfo) bool {
	for _, probe := range []string{"/livez", "/readyz", "/healthz"} {
		if below, ok := strings.CutPrefix(info.Path, probe); ok && (below == "" || below[0] == '/') {
			return true
		}
	}
	return false
}

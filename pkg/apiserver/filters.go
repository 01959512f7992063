// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/metrics"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

// limits keep a client, who may reach the server's own port and read nothing of what it
// answers, from holding what the server has for all.
type limits struct {
	// uri is the length of a request's URI.
	uri int
	// requests and watches are what a user has of them at a time, and requestsOfAll and
	// watchesOfAll what all users have together. Half of that is left to users who have none.
	requests, requestsOfAll, watches, watchesOfAll int
	// grace is how long a client may take to read the rest of an answer.
	grace time.Duration
}

// watchQuery is the length of a query from which on its watch counts as one more: a watch keeps
// its selectors, which take up to ten times their length, and twice as much heap as all the rest.
const watchQuery = 2 << 10

var defaultLimits = limits{
	// What common proxies admit.
	uri: 8 << 10,
	// Clients of the Kubernetes API wait for most of their answers before they ask again, or let
	// through some ten requests a second.
	requests: 50,
	// That of the generic server (genericapiserver.NewConfig, MaxRequestsInFlight).
	requestsOfAll: 400,
	// Seven informers, one for each kind, in well over a hundred clients.
	watches: 1000,
	// A watch takes 24 KiB of heap, which makes 470 MiB: half of it is for as many watches as
	// the clients like, half for one watch of each other client.
	watchesOfAll: 20_000,
	grace:        5 * time.Second,
}

// withShortURIs refuses requests before anybody parses what their URI asks for.
func (l limits) withShortURIs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if len(req.RequestURI) > l.uri {
			refuse(w, req, &apierrors.StatusError{ErrStatus: metav1.Status{
				Status: metav1.StatusFailure, Code: http.StatusRequestURITooLong,
				Message: fmt.Sprintf("the URI of the request is longer than %d bytes; a shorter selector may do", l.uri),
			}})
			return
		}
		next.ServeHTTP(w, req)
	})
}

// withShares gives each user his share of requests under way and of watches, which he keeps
// until his handler is done, reviews and all. Probes are for everybody, and short.
//
// As for the generic server (k8s.io/apiserver/pkg/server/filters, WithMaxInFlightLimit), members
// of system:masters always get an answer.
func (l limits) withShares(next http.Handler, c *genericapiserver.Config) http.Handler {
	requests := registry.NewLimit("requests under way", l.requests, l.requestsOfAll)
	watches := registry.NewLimit("watches", l.watches, l.watchesOfAll)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		who, isUser := genericapirequest.UserFrom(ctx)
		info, isKnown := genericapirequest.RequestInfoFrom(ctx)
		if !isUser || !isKnown || isProbe(info) {
			next.ServeHTTP(w, req)
			return
		}
		share, size := requests, 1
		if c.LongRunningFunc(req, info) {
			share, size = watches, 1+len(req.URL.RawQuery)/watchQuery
			req = req.WithContext(registry.WithWatching(ctx, func(running bool) {
				deadline := time.Time{}
				if !running {
					deadline = time.Now().Add(l.grace)
				}
				writesOf(ctx).until(deadline)
			}))
		}
		giveBack, err := share.TakeN(who, size)
		switch {
		case err == nil:
			defer giveBack()
		case !slices.Contains(who.GetGroups(), user.SystemPrivilegedGroup):
			metrics.RecordDroppedRequest(req, info, metrics.APIServerComponent, req.Method != http.MethodGet)
			refuse(w, req, err)
			return
		}
		next.ServeHTTP(w, req)
	})
}

func refuse(w http.ResponseWriter, req *http.Request, err error) {
	responsewriters.ErrorNegotiated(err, Codecs, v1alpha1.SchemeGroupVersion, w, req)
}

// exceptProbes has the generic server take probes for requests that run long, too: those it
// neither counts nor refuses, however many requests are under way. Nor does it time them out:
// kubelet does, and withWriteDeadline.
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

// withWriteDeadline ends what a handler writes when the time is over, unless a watch begins to
// run. The generic server's timeout does not: a handler whose client takes nothing is within a
// write, which it waits for.
func withWriteDeadline(next http.Handler, timeout time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer := &writes{response: http.NewResponseController(w)}
		// The last of an answer is written when the handler is done, and in time as well: the
		// deadline is left to net/http, which ends it with the answer.
		answer.until(time.Now().Add(timeout))
		defer answer.done()
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), writesKey{}, answer)))
	})
}

type writesKey struct{}

// writes are those of one handler.
type writes struct {
	mu sync.Mutex
	// response is nil once the handler is done: the connection is another's then.
	response *http.ResponseController
}

func writesOf(ctx context.Context) *writes { return ctx.Value(writesKey{}).(*writes) }

// until sets the time after which writes fail, those that wait for the client as well; zero is
// never. It does nothing when the handler is done.
func (w *writes) until(deadline time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.response != nil {
		_ = w.response.SetWriteDeadline(deadline) // fails if there is no connection
	}
}

func (w *writes) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.response = nil
}

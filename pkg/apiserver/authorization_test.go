// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/accessreview"
)

// roles is an authorizer that allows each user certain questions, as "verb name". It records the
// questions.
type roles struct {
	allowed map[string][]string

	mu    sync.Mutex
	asked []authorizer.Attributes
}

func (r *roles) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	r.mu.Lock()
	r.asked = append(r.asked, a)
	r.mu.Unlock()
	for _, question := range r.allowed[a.GetUser().GetName()] {
		if question == strings.TrimSpace(a.GetVerb()+" "+a.GetName()) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func (r *roles) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

// delegating makes a server authorize its requests by roles.
func delegating(r *roles) func(*genericapiserver.Config) {
	return func(c *genericapiserver.Config) {
		delegated := accessreview.NewDelegated(accessreview.DelegatedConfig{
			Reviews: r, Served: Resources(), Names: accessreview.NewNameLimit(), AllowTTL: time.Hour, DenyTTL: time.Hour,
		})
		c.Authorization.Authorizer = authorizer.AuthorizerFunc(func(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			if name := a.GetUser().GetName(); name == "admin" || name == user.APIServerUser {
				return authorizer.DecisionAllow, "", nil
			}
			return delegated.Authorize(ctx, a)
		})
	}
}

// Lists that differ only in their selectors are one question, which has no selector.
func TestAuthorizationWithoutSelectors(t *testing.T) {
	const lists = 1500
	r := &roles{allowed: map[string][]string{"alice": {"list", "watch"}}}
	s := newReadyServer(t, delegating(r))
	for i := range lists {
		selector := fmt.Sprintf("k in (v%d,%s)", i, strings.TrimSuffix(strings.Repeat(strings.Repeat("a", 60)+",", 110), ","))
		query := "?labelSelector=" + url.QueryEscape(selector) + "&fieldSelector=" + url.QueryEscape(fmt.Sprint("metadata.namespace=", i))
		if got := s.code(t, "alice", namespaces+query); got != http.StatusOK {
			t.Fatalf("code %d for %d bytes", got, len(query))
		}
	}
	if got := r.count(); got != 1 {
		t.Errorf("%d lists make %d reviews, want 1", lists, got)
	}
	for _, a := range r.asked {
		byLabel, labelErr := a.GetLabelSelector()
		byField, fieldErr := a.GetFieldSelector()
		if len(byLabel) > 0 || len(byField) > 0 || labelErr != nil || fieldErr != nil {
			t.Errorf("asked with the selectors %v (%v), %v (%v)", byLabel, labelErr, byField, fieldErr)
		}
	}
	if got := s.code(t, "alice", namespaces+"?labelSelector=a%20b"); got != http.StatusBadRequest {
		t.Errorf("an invalid selector: code %d", got)
	}
}

// A request whose selector is refused causes no review.
func TestLargeSelectorsAreNotAuthorized(t *testing.T) {
	r := &roles{}
	s := newReadyServer(t, delegating(r))
	query := "?labelSelector=" + repeated(65, key)
	for _, path := range []string{namespaces + query, namespaces + query + "&watch=1"} {
		if got := s.code(t, "alice", path); got != http.StatusBadRequest {
			t.Errorf("%s: code %d", path, got)
		}
	}
	deleted, err := s.send("alice", http.MethodDelete, namespaces+query, "", "")
	if err != nil || deleted.Code != http.StatusBadRequest {
		t.Errorf("deletecollection: code %d, %v", deleted.Code, err)
	}
	if r.count() > 0 {
		t.Errorf("%d reviews", r.count())
	}
}

// A user who may get only some objects by name can guess other names, but only at a rate that makes
// no load. The user learns nothing from that, neither from the codes nor from when the limit begins.
func TestGuessesOfNames(t *testing.T) {
	const guesses, burst = 200, 25
	answers := map[string]map[int]int{}
	r := &roles{allowed: map[string][]string{
		"alice": {"get"}, "bob": {"get solar-a", "list"}, "hidden": {"get hidden-a"}, "absent": {"get absent"},
	}}
	s := newReadyServer(t, delegating(r))
	for _, name := range []string{"alice", "bob"} {
		before := r.count()
		answers[name] = map[int]int{}
		for i := range guesses {
			answers[name][s.code(t, name, fmt.Sprint(namespaces, "/guess-", i))]++
		}
		t.Logf("%s: %d names make %d reviews, answered by %v", name, guesses, r.count()-before, answers[name])
	}
	// alice's requests are limited, too, because each name needs a native review upstream.
	if n := answers["alice"]; n[http.StatusForbidden] > 0 || n[http.StatusNotFound] < burst {
		t.Errorf("answers to a user who may get all: %v", n)
	}
	if n := answers["bob"]; n[http.StatusForbidden] < burst || n[http.StatusTooManyRequests] == 0 || n[http.StatusForbidden]+n[http.StatusTooManyRequests] != guesses {
		t.Errorf("answers to a user who may get one: %v", n)
	}
	if got := s.code(t, "bob", namespaces); got != http.StatusOK {
		t.Errorf("a list of a user who has guessed: code %d", got)
	}
	for name, object := range map[string]string{"hidden": "hidden-a", "absent": "absent"} {
		if got := s.code(t, name, namespaces+"/"+object); got != http.StatusNotFound {
			t.Errorf("%s: code %d", name, got)
		}
	}
}

// The filter allows nothing without a verdict of the authorizer, and passes on its errors.
func TestWithAuthorization(t *testing.T) {
	for name, tc := range map[string]struct {
		decision authorizer.Decision
		err      error
		want     int
	}{
		"allowed":                   {authorizer.DecisionAllow, nil, 200},
		"allowed, with an error":    {authorizer.DecisionAllow, errors.New("in part"), 200},
		"allowed by one of several": {authorizer.DecisionAllow, accessreview.ErrTooManyNames, 200},
		"not allowed":               {authorizer.DecisionNoOpinion, nil, 403},
		"denied":                    {authorizer.DecisionDeny, nil, 403},
		"failed":                    {authorizer.DecisionNoOpinion, errors.New("away"), 500},
		"too many":                  {authorizer.DecisionNoOpinion, fmt.Errorf("asking: %w", accessreview.ErrTooManyNames), 429},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewGenericConfig()
			c.Authorization.Authorizer = authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
				return tc.decision, "", tc.err
			})
			handler := withAuthorization(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }), c)
			ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "alice"})
			ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{Verb: "get", Path: "/x"})
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil).WithContext(ctx))
			if w.Code != tc.want || (w.Header().Get("Retry-After") != "") != (tc.want == 429) {
				t.Errorf("code %d, want %d; headers %v", w.Code, tc.want, w.Header())
			}
		})
	}
	if got, _, err := decided(t.Context(), nil); got != authorizer.DecisionDeny || err == nil {
		t.Errorf("a request without a verdict: %v, %v", got, err)
	}
	if diff := gocmp.Diff(len(Resources()), 7+2); diff != "" { // the kinds and the reviews
		t.Errorf("resources (-got +want):\n%s", diff)
	}
}

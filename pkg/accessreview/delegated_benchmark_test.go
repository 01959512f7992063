// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/client-go/kubernetes"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
)

// allowingClient returns a client of a kube-apiserver that allows everything and counts reviews.
func allowingClient(b *testing.B, reviews *atomic.Int64) authorizationclient.AuthorizationV1Interface {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reviews.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "status": {"allowed": true}}`)
	}))
	b.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		b.Fatal(err)
	}
	return client.AuthorizationV1()
}

// The reviews that a user causes with lists with 8 KB selectors and with GETs by name, and the
// memory that is kept afterwards.
func BenchmarkHostileQuestions(b *testing.B) {
	const requests = 1500
	backoff := wait.Backoff{Steps: 1}
	authorizers := map[string]func(authorizationclient.AuthorizationV1Interface) (authorizer.UnconditionalAuthorizer, error){
		"k8s.io/apiserver": func(c authorizationclient.AuthorizationV1Interface) (authorizer.UnconditionalAuthorizer, error) {
			return authorizerfactory.DelegatingAuthorizerConfig{SubjectAccessReviewClient: c, AllowCacheTTL: 10 * time.Second, DenyCacheTTL: 10 * time.Second, WebhookRetryBackoff: &backoff}.New()
		},
		"delegated": func(c authorizationclient.AuthorizationV1Interface) (authorizer.UnconditionalAuthorizer, error) {
			return NewDelegated(DelegatedConfig{
				Reviews: NewWebhook(c.SubjectAccessReviews(), backoff), Served: sets.New(tenantNodes), Names: NewNameLimit(), AllowTTL: 10 * time.Second, DenyTTL: 10 * time.Second,
			}), nil
		},
	}
	for what, request := range map[string]func(int) authorizer.Attributes{
		"selectors": func(i int) authorizer.Attributes {
			a := requestFor(alice, "list", "")
			selector, err := labels.Parse(fmt.Sprintf("k%d,%s", i, strings.TrimSuffix(strings.Repeat("a,", 4000), ",")))
			if err != nil {
				b.Fatal(err)
			}
			a.LabelSelectorRequirements, _ = selector.Requirements()
			return a
		},
		"names": func(i int) authorizer.Attributes { return requestFor(alice, "get", fmt.Sprint("n", i)) },
	} {
		for name, newAuthorizer := range authorizers {
			b.Run(what+"/"+name, func(b *testing.B) {
				for b.Loop() {
					var reviews atomic.Int64
					c := allowingClient(b, &reviews)
					before := heap()
					a, err := newAuthorizer(c)
					if err != nil {
						b.Fatal(err)
					}
					for i := range requests {
						if got, _, err := a.Authorize(b.Context(), request(i)); got != authorizer.DecisionAllow || err != nil {
							b.Fatal(got, err)
						}
					}
					b.ReportMetric(float64(heap()-before)/1024, "kept-KiB")
					b.ReportMetric(float64(reviews.Load()), "reviews")
					runtime.KeepAlive(a)
				}
			})
		}
	}
}

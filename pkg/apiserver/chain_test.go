// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"k8s.io/apimachinery/pkg/util/waitgroup"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/tracing"
)

// A stopping server ends its watches. Otherwise it would wait until they end by themselves.
func TestWatchesEndWithTheServer(t *testing.T) {
	s := newReadyServer(t, func(c *genericapiserver.Config) { c.ShutdownWatchTerminationGracePeriod = time.Hour })
	response := s.open(t, s.client, "alice", namespaces+"?watch=1")
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, response.Body)
		ended <- err
	}()
	s.stop()
	eventually(t, "the watch ends", func() bool { return len(ended) == 1 })
	if err := <-ended; err != nil {
		t.Errorf("the watch was cut off: %v", err)
	}
}

// Watches end when the server has told their clients, a moment ago, to use other connections.
// Otherwise the clients would ask the same server again, which refuses.
func TestWatchesEndAfterTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		initiated := make(chan struct{})
		signal := newShutdown(initiated, 5*time.Second)
		signalled := func() bool {
			synctest.Wait()
			select {
			case <-signal.ShuttingDown():
				return true
			default:
				return false
			}
		}
		time.Sleep(time.Hour)
		got := []bool{signalled()}
		close(initiated)
		for range 2 {
			time.Sleep(5 * time.Second)
			got = append(got, signalled())
		}
		if diff := gocmp.Diff([]bool{false, false, true}, got); diff != "" {
			t.Errorf("signalled before the shutdown, after the delay, and later (-want +got):\n%s", diff)
		}
	})
}

// A request that comes when the server already waits for the last ones is answered: its client did
// not know yet. The server does wait for those that came before.
func TestLateRequestsAreAnswered(t *testing.T) {
	var group waitgroup.SafeWaitGroup
	held, began := make(chan struct{}), make(chan struct{})
	handler := withWaitGroup(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/held" {
			close(began)
			<-held
		}
		w.WriteHeader(http.StatusNoContent)
	}), func(_ *http.Request, info *request.RequestInfo) bool { return info.Verb == "watch" }, &group)
	code := func(path, verb string) int {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		handler.ServeHTTP(w, r.WithContext(request.WithRequestInfo(r.Context(), &request.RequestInfo{Verb: verb})))
		return w.Code
	}
	before := make(chan int, 1)
	go func() { before <- code("/held", "list") }()
	<-began
	waited := make(chan struct{})
	go func() {
		group.Wait()
		close(waited)
	}()
	eventually(t, "the server waits", func() bool {
		if group.Add(1) == nil {
			group.Done()
			return false
		}
		return true
	})
	for _, verb := range []string{"list", "watch"} {
		if got := code("/", verb); got != http.StatusNoContent {
			t.Errorf("%s: code %d", verb, got)
		}
	}
	select {
	case <-waited:
		t.Error("the server did not wait for the request that came before")
	default:
	}
	close(held)
	<-waited
	if got := <-before; got != http.StatusNoContent {
		t.Errorf("the request that came before: code %d", got)
	}
}

// Users who may not impersonate another user are refused. Those who may see what the other user
// sees.
func TestImpersonationAtTheServer(t *testing.T) {
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		c.Authorization.Authorizer = authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			if a.GetResource() == "users" && a.GetUser().GetName() != "admin" {
				return authorizer.DecisionNoOpinion, "", nil
			}
			return authorizer.DecisionAllow, "", nil
		})
	})
	got := map[string]int{}
	for _, user := range []string{"admin", "alice"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+namespaces+"/hidden-a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-User", user)
		r.Header.Set("Impersonate-User", "root")
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		got[user] = response.StatusCode
	}
	if diff := gocmp.Diff(map[string]int{"admin": http.StatusOK, "alice": http.StatusForbidden}, got); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

// auditLog records the codes of the responses to each user.
type auditLog struct{ codes chan [2]any }

func (l auditLog) ProcessEvents(events ...*auditinternal.Event) bool {
	for _, e := range events {
		if e.Stage == auditinternal.StageResponseComplete && e.ResponseStatus != nil {
			l.codes <- [2]any{e.User.Username, e.ResponseStatus.Code}
		}
	}
	return true
}

func (auditLog) Run(<-chan struct{}) error { return nil }
func (auditLog) Shutdown()                 {}
func (auditLog) String() string            { return "test" }

// Refused requests are in the audit log, too, whether they lack a share or a role.
func TestAudit(t *testing.T) {
	log := auditLog{codes: make(chan [2]any, 100)}
	s := newReadyServer(t, limited(time.Hour, limits{requests: 1, watches: 1, grace: time.Hour}), func(c *genericapiserver.Config) {
		c.AuditBackend = audit.Backend(log)
		c.AuditPolicyRuleEvaluator = auditpolicy.NewPolicyRuleEvaluator(&auditinternal.Policy{
			Rules: []auditinternal.PolicyRule{
				{Level: auditinternal.LevelNone, Users: []string{"admin"}},
				{Level: auditinternal.LevelMetadata, Resources: []auditinternal.GroupResources{{Group: "tenantview.capsule.dev"}}},
			},
		})
	})
	s.hold(t, "alice", large)
	for _, user := range []string{"alice", "mallory", "bob"} {
		s.code(t, user, namespaces)
	}
	got := map[any]any{}
	for range 3 {
		select {
		case entry := <-log.codes:
			got[entry[0]] = entry[1]
		case <-time.After(time.Minute):
			t.Fatalf("logged %v, and no more", got)
		}
	}
	if diff := gocmp.Diff(map[any]any{"alice": int32(429), "mallory": int32(403), "bob": int32(200)}, got); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

// Traces are followed only if something records them.
func TestTracesAreFollowedIfRecorded(t *testing.T) {
	for name, tc := range map[string]struct {
		provider tracing.TracerProvider
		want     bool
	}{
		"by default":            {nil, false},
		"nothing is recorded":   {tracing.NewNoopTracerProvider(), false},
		"requests are recorded": {sdktrace.NewTracerProvider(), true},
	} {
		t.Run(name, func(t *testing.T) {
			followed := make(chan bool, 1)
			s := newReadyServer(t, func(c *genericapiserver.Config) {
				if tc.provider != nil {
					c.TracerProvider = tc.provider
				}
				c.Authorization.Authorizer = authorizer.AuthorizerFunc(func(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
					if a.GetPath() == namespaces {
						_, ok := otelhttp.LabelerFromContext(ctx)
						followed <- ok
					}
					return authorize(ctx, a)
				})
			})
			s.get(t, "alice", namespaces, "")
			if got := <-followed; got != tc.want {
				t.Errorf("followed: %v, want %v", got, tc.want)
			}
		})
	}
}

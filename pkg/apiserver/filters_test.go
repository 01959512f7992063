// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/registry"
)

// limited sets the limits of a server and the time after which it ends requests.
func limited(timeout time.Duration, l limits) func(*genericapiserver.Config) {
	return func(c *genericapiserver.Config) {
		l.uri = defaultLimits.uri
		// The limit of the generic server must not matter.
		c.RequestTimeout, c.MaxRequestsInFlight, c.BuildHandlerChainFunc = timeout, 1, l.buildHandlerChain
	}
}

const namespaces = group + "/tenantnamespaces"

// large is the path of a response that is too large to be buffered until the handler is done.
const large = "/openapi/v2"

// newHTTP2Client returns an HTTP/2 client that lets the server send that many bytes of a response
// before they are read.
func newHTTP2Client(t testing.TB, window int) *http.Client {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // as in newServer
		ForceAttemptHTTP2: true, DisableCompression: true,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: window},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// open sends a request and returns the response before its body is read.
func (s *running) open(t testing.TB, client *http.Client, user, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-User", user)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// hold sends a request over HTTP/2 and reads nothing of the response. The handler is blocked until
// the response is closed.
func (s *running) hold(t *testing.T, user, path string) (release func()) {
	t.Helper()
	client := newHTTP2Client(t, 1)
	var response *http.Response
	eventually(t, user+" is not refused", func() bool { // as what was closed a moment ago may still count
		response = s.open(t, client, user, path)
		if response.StatusCode == http.StatusTooManyRequests {
			response.Body.Close()
			return false
		}
		return true
	})
	if response.ProtoMajor != 2 {
		t.Fatalf("protocol %s", response.Proto)
	}
	return func() { response.Body.Close() }
}

// code returns the code of a response without waiting for its end.
func (s *running) code(t *testing.T, user, path string) int {
	t.Helper()
	response := s.open(t, s.client, user, path)
	response.Body.Close()
	if response.StatusCode == http.StatusTooManyRequests && response.Header.Get("Retry-After") == "" {
		t.Errorf("the response to %s does not say when to retry", user)
	}
	return response.StatusCode
}

// The requests of one user must block neither those of others nor kubelet's probes.
func TestHeldRequests(t *testing.T) {
	const alice, bot, otherBot, foreignBot = "alice", "system:serviceaccount:solar:a", "system:serviceaccount:solar:b", "system:serviceaccount:wind:a"
	s := newReadyServer(t, limited(time.Hour, limits{requests: 2, requestsOfAll: 8, watches: 1, grace: time.Hour}))
	expect := func(when string, want map[string]int) {
		t.Helper()
		got := map[string]int{}
		for user := range want {
			got[user] = s.code(t, user, namespaces)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s, codes by user (-want +got):\n%s", when, diff)
		}
	}
	releases := []func(){s.hold(t, alice, large), s.hold(t, alice, large)}
	expect("when alice has all that she may have", map[string]int{alice: 429, "bob": 200})
	s.hold(t, bot, large)
	s.hold(t, otherBot, large)
	expect("when a namespace has all that it may have", map[string]int{alice: 429, bot: 429, "system:serviceaccount:solar:new": 429, foreignBot: 200, "bob": 200})
	s.hold(t, "bob", large)
	expect("when half of all places are taken", map[string]int{"bob": 429, "carol": 200, foreignBot: 200})
	for _, user := range []string{"carol", "dora", "emil"} {
		s.hold(t, user, large)
	}
	expect("when all places are taken", map[string]int{"frida": 429})
	if got := s.code(t, "administrator", namespaces); got != http.StatusOK {
		t.Errorf("when all places are taken: a member of system:masters gets %d", got)
	}
	for _, probe := range []string{"/livez", "/livez/ping", "/readyz", "/readyz/source-nodes", "/healthz"} {
		if got := s.code(t, alice, probe); got != http.StatusOK {
			t.Errorf("when all places are taken: %s answers %d", probe, got)
		}
	}
	for _, release := range releases {
		release()
	}
	eventually(t, "alice gets an answer", func() bool { return s.code(t, alice, namespaces) == http.StatusOK })
}

// A request of a client that reads nothing ends in time and frees its place for others.
func TestHeldRequestsEnd(t *testing.T) {
	s := newReadyServer(t, limited(time.Second, limits{requests: 2, requestsOfAll: 4, watches: 1, grace: 100 * time.Millisecond}))
	s.hold(t, "alice", large)
	s.hold(t, "alice", large)
	eventually(t, "others get answers", func() bool { return s.code(t, "bob", namespaces) == http.StatusOK })
	eventually(t, "alice gets an answer", func() bool { return s.code(t, "alice", namespaces) == http.StatusOK })
}

// Watches of all kinds count together, and for as long as their handlers run.
func TestHeldWatches(t *testing.T) {
	s := newReadyServer(t, limited(time.Hour, limits{requests: 1, requestsOfAll: 1, watches: 2, watchesOfAll: 6, grace: time.Hour}))
	release := s.hold(t, "alice", namespaces+"?watch=1")
	s.hold(t, "alice", group+"/tenantnodes?watch=1")
	const another = group + "/tenantstorageclasses?watch=1"
	if got := s.code(t, "alice", another); got != http.StatusTooManyRequests {
		t.Errorf("one watch too many gets %d", got)
	}
	for user, path := range map[string]string{"alice": namespaces, "bob": another} {
		if got := s.code(t, user, path); got != http.StatusOK {
			t.Errorf("%s for %s gets %d", path, user, got)
		}
	}
	release()
	eventually(t, "alice may watch", func() bool { return s.code(t, "alice", another) == http.StatusOK })
}

// A watch with a long selector keeps as much memory as several.
func TestHeldWatchesWithLongSelectors(t *testing.T) {
	s := newReadyServer(t, limited(time.Hour, limits{requests: 10, watches: 4, grace: time.Hour}))
	long := "?watch=1&labelSelector=" + strings.Repeat("%21a,", 10)
	long += "k+in+(" + strings.Repeat(strings.Repeat("v", 30)+",", 2*watchQuery/31) + "v)"
	s.hold(t, "alice", namespaces+long) // counts as three
	s.hold(t, "alice", namespaces+"?watch=1")
	for user, want := range map[string]int{"alice": 429, "bob": 200} {
		if got := s.code(t, user, namespaces+"?watch=1"); got != want {
			t.Errorf("%s gets %d, want %d", user, got, want)
		}
	}
}

// The service accounts of many namespaces must leave room for others.
func TestHeldWatchesOfMany(t *testing.T) {
	s := newReadyServer(t, limited(time.Hour, limits{requests: 10, watches: 3, watchesOfAll: 8, grace: time.Hour}))
	bot := func(namespace string) string { return "system:serviceaccount:" + namespace + ":bot" }
	for namespace, n := range map[string]int{"a": 2, "b": 2} {
		for range n {
			s.hold(t, bot(namespace), namespaces+"?watch=1")
		}
	}
	for user, want := range map[string]int{bot("a"): 429, bot("b"): 429, bot("c"): 200, "alice": 200} {
		if got := s.code(t, user, namespaces+"?watch=1"); got != want {
			t.Errorf("%s gets %d, want %d", user, got, want)
		}
	}
}

// Requests of one user that wait for authorization must not block those of others.
func TestRequestsThatWaitForReviews(t *testing.T) {
	const connections, others = 450, 40
	answer := make(chan struct{})
	var asked atomic.Int64
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		c.Authorization.Authorizer = authorizer.AuthorizerFunc(func(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			if a.GetUser().GetName() == "mallory" {
				asked.Add(1)
				<-answer
				return authorizer.DecisionNoOpinion, "", nil
			}
			return authorizer.DecisionAllow, "", nil
		})
	})
	codes := make(chan int, connections)
	var waiting sync.WaitGroup
	for i := range connections {
		waiting.Go(func() {
			r, err := s.send("mallory", http.MethodGet, fmt.Sprintf("%s/n%d", namespaces, i), "", "")
			if err != nil {
				t.Error(err)
			}
			codes <- r.Code
		})
	}
	held := int64(defaultLimits.requests)
	eventually(t, "all that she may have wait, and all others are refused", func() bool {
		return asked.Load() == held && len(codes) == connections-int(held)
	})
	served := map[int]int{}
	for i := range others {
		served[s.code(t, fmt.Sprint("user-", i), namespaces)]++
	}
	if diff := gocmp.Diff(map[int]int{http.StatusOK: others}, served); diff != "" {
		t.Errorf("codes of others (-want +got):\n%s", diff)
	}
	close(answer)
	waiting.Wait()
	close(codes)
	got := map[int]int{}
	for code := range codes {
		got[code]++
	}
	if diff := gocmp.Diff(map[int]int{http.StatusTooManyRequests: connections - int(held), http.StatusForbidden: int(held)}, got); diff != "" {
		t.Errorf("codes of the one (-want +got):\n%s", diff)
	}
}

// A watch that has ended closes its connection even if the client reads nothing. So does a watch
// request that fails.
func TestHeldWatchesEnd(t *testing.T) {
	s := newReadyServer(t, limited(time.Second, limits{requests: 1, requestsOfAll: 1, watches: 1, watchesOfAll: 1, grace: 100 * time.Millisecond}))
	for name, query := range map[string]string{
		"timeout":                    "&timeoutSeconds=1",
		"unknown revision":           "&resourceVersion=7",
		"invalid, with a long error": "&labelSelector=" + strings.Repeat("a", watchQuery-100),
	} {
		t.Run(name, func(t *testing.T) {
			eventually(t, "alice may watch", func() bool { return s.code(t, "alice", namespaces+"?watch=1") == http.StatusOK })
			s.hold(t, "alice", namespaces+"?watch=1"+query)
			eventually(t, "alice may watch again", func() bool { return s.code(t, "alice", namespaces+"?watch=1") == http.StatusOK })
		})
	}
}

// The timeout of other requests does not end a watch, nor the requests that follow it on its
// connection.
func TestWatchOutlivesRequests(t *testing.T) {
	s := newReadyServer(t, limited(500*time.Millisecond, limits{requests: 10, watches: 10, grace: time.Second}))
	for name, client := range map[string]*http.Client{"HTTP/1.1": s.client, "HTTP/2.0": newHTTP2Client(t, 1<<20)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{namespaces, namespaces + "?watch=1&timeoutSeconds=3", namespaces} {
				response := s.open(t, client, "alice", path)
				if response.Proto != name || response.StatusCode != http.StatusOK {
					t.Errorf("%s: %s, code %d", path, response.Proto, response.StatusCode)
				}
				if _, err := io.ReadAll(response.Body); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}

// What a request reserves for its body counts until it is done, also if it then reserves more for its answer.
func TestAllThatARequestReservesIsGivenBack(t *testing.T) {
	const all = 2 * smallAnswer
	l := limits{requests: 10, requestsOfAll: 10, watches: 1, watchesOfAll: 1, answers: all, answersOfAll: 2 * all}
	var sizes []int
	handler := l.withShares(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		for _, size := range sizes {
			if err := registry.Reserve(req.Context(), size); err != nil {
				t.Errorf("%d of %v: %v", size, sizes, err)
			}
		}
		if err := registry.Reserve(req.Context(), all); err == nil {
			t.Errorf("more than all can be reserved after %v", sizes)
		}
	}), &genericapiserver.Config{LongRunningFunc: func(*http.Request, *genericapirequest.RequestInfo) bool { return false }})
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "alice"})
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{Verb: "list", IsResourceRequest: true})
	for _, sizes = range [][]int{{smallAnswer, smallAnswer}, {smallAnswer, smallAnswer}, {all}} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	}
}

// When a handler is done, its connection serves another request, whose deadline must not change.
func TestResponseDeadlineDone(t *testing.T) {
	recorder := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	w := &responseDeadline{response: http.NewResponseController(recorder)}
	w.until(time.Unix(1, 0))
	w.done()
	w.until(time.Unix(2, 0))
	if diff := gocmp.Diff([]time.Time{time.Unix(1, 0)}, recorder.set); diff != "" {
		t.Errorf("deadlines (-want +got):\n%s", diff)
	}
}

// deadlines records the write deadlines that are set.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(deadline time.Time) error {
	d.set = append(d.set, deadline)
	return nil
}

// A request with too long a URI is refused before it is authenticated.
func testLongURIs(t *testing.T, s *running) {
	longest := namespaces + "?labelSelector="
	longest += strings.Repeat("a", defaultLimits.uri-len(longest)) // not a valid label name, but it is parsed
	if r := s.get(t, "alice", longest, ""); r.Code != http.StatusBadRequest {
		t.Errorf("%d bytes: code %d: %s", len(longest), r.Code, r.Body)
	}
	for _, user := range []string{"", "alice"} {
		r := s.get(t, user, longest+"a", "")
		if r.Code != http.StatusRequestURITooLong {
			t.Fatalf("%q: %d bytes: code %d: %s", user, len(longest)+1, r.Code, r.Body)
		}
		r.Code = http.StatusOK // as read expects
		want := metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusRequestURITooLong,
			Message: "the URI of the request is longer than 8192 bytes; a shorter selector may do",
		}
		if diff := gocmp.Diff(want, read[metav1.Status](t, r)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", user, diff)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// gate is a proxy before kube-apiserver. It authenticates as a user, and can hold requests.
type gate struct {
	url string

	mu     sync.Mutex
	holds  func(*http.Request) bool
	opened chan struct{}
	held   chan struct{}
}

func newGate(t *testing.T, user *rest.Config, holds func(*http.Request) bool) *gate {
	t.Helper()
	transport, err := rest.TransportFor(user)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(user.Host)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{holds: holds, opened: make(chan struct{}), held: make(chan struct{}, 100)}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // connections are cut on purpose
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if g.holds(request) {
			g.held <- struct{}{}
			select {
			case <-g.gate():
			case <-request.Context().Done():
			}
		}
		proxy.ServeHTTP(w, request)
	}))
	t.Cleanup(func() {
		g.open()
		server.CloseClientConnections()
		server.Close()
	})
	g.url = server.URL
	return g
}

func (g *gate) gate() chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opened
}

// waitHeld waits until a request is held.
func (g *gate) waitHeld(t *testing.T) {
	t.Helper()
	timer := time.NewTimer(testcluster.Patience)
	defer timer.Stop()
	select {
	case <-g.held:
	case <-timer.C:
		t.Fatal("no request came to be held")
	}
}

// open lets all requests pass.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.opened:
	default:
		close(g.opened)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"unsafe"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

// The stack of a list grows before the list is answered, and that of a watch does not.
func TestStackGrowsAtOnce(t *testing.T) {
	for verb, want := range map[string]bool{"list": true, "get": true, "watch": false} {
		longRunning := func(_ *http.Request, info *request.RequestInfo) bool { return info.Verb == "watch" }
		handler := withStack(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), longRunning)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r = r.WithContext(request.WithRequestInfo(r.Context(), &request.RequestInfo{Verb: verb}))
		grown := make(chan bool)
		go func() { grown <- moves(func() { handler.ServeHTTP(nil, r) }) }()
		if got := <-grown; got != want {
			t.Errorf("%s: the stack has grown: %v, want %v", verb, got, want)
		}
	}
}

// Authentication runs in the goroutine that the filter of timeouts makes.
func TestStackIsThereForTheFilters(t *testing.T) {
	moved := make(chan bool, 1)
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		c.Authentication.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
			if r.URL.Path == namespaces {
				moved <- moves(func() { deep(0) })
			}
			return authenticate(r)
		})
	})
	s.get(t, "alice", namespaces, "")
	if <-moved {
		t.Error("the stack has grown beneath the filters")
	}
}

//go:noinline
func deep(n int) byte {
	var frame [14 << 10]byte
	return frame[n]
}

// moves returns whether the stack of the goroutine grows while f runs: what is on it is elsewhere then.
func moves(f func()) bool {
	leaf(0) // needs some stack itself
	var here byte
	before := uintptr(unsafe.Pointer(&here))
	f()
	return before != uintptr(unsafe.Pointer(&here))
}

//go:noinline
func leaf(n int) byte {
	var frame [4 << 10]byte
	return frame[n]
}

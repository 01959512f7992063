// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"

	"k8s.io/apiserver/pkg/endpoints/request"
)

// stackSize is how much stack it takes to answer a list, about.
const stackSize = 20 << 10

// withStack lets the stack of a request's goroutine grow at once, while there is little on it. Otherwise it grows
// several times, the last time with all filters on it, and the runtime must adjust each of their frames: a tenth of
// the time that a small list takes. Watches are left out: they would keep the larger stack.
func withStack(next http.Handler, longRunning request.LongRunningRequestCheck) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if info, ok := request.RequestInfoFrom(req.Context()); ok && !longRunning(req, info) {
			growStack(len(req.Method))
		}
		next.ServeHTTP(w, req)
	})
}

// growStack returns when the goroutine's stack has stackSize bytes more than it uses.
//
//go:noinline
func growStack(n int) byte {
	var frame [stackSize]byte
	return frame[n%stackSize]
}

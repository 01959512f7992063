// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// withDeadlines makes a handler's writes fail when the time is over, unless a watch begins to run, and
// its reads of a body. The generic server's timeout does not do that: it waits for a handler that is
// blocked in a write because its client reads nothing, or sends nothing. Before net/http writes a
// response, and after it, it reads what is left of the body, even if the handler has ignored it.
//
// The deadline of a body is not lifted for a watch. Clients send none with a watch.
func withDeadlines(next http.Handler, timeout time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		response := http.NewResponseController(w)
		answer := &responseDeadline{response: response}
		deadline := time.Now().Add(timeout)
		// The end of a response is written after the handler is done, and the deadlines must hold for
		// that, too. So they stay set; net/http resets them after the response.
		answer.until(deadline)
		defer answer.done()
		if req.Body != nil && req.Body != http.NoBody {
			_ = response.SetReadDeadline(deadline) // fails if there is no connection
		}
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), responseDeadlineKey{}, answer)))
	})
}

type responseDeadlineKey struct{}

// responseDeadline is the time until which one handler's writes to its client may take.
type responseDeadline struct {
	mu sync.Mutex
	// response is nil once the handler is done: the connection then belongs to another request.
	response *http.ResponseController
}

func responseDeadlineOf(ctx context.Context) *responseDeadline {
	return ctx.Value(responseDeadlineKey{}).(*responseDeadline)
}

// until sets the time after which writes fail, including those that already wait for the client.
// The zero time means never. until does nothing when the handler is done.
func (d *responseDeadline) until(deadline time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.response != nil {
		_ = d.response.SetWriteDeadline(deadline) // fails if there is no connection
	}
}

func (d *responseDeadline) done() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.response = nil
}

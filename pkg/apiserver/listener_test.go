// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
)

// If a client reads nothing at all from its connection, the server drops it with all its requests.
func TestHeldConnectionsEnd(t *testing.T) {
	const requests = 90 // with larger responses than a connection buffers
	var ended atomic.Int32
	s := newReadyServer(t, limited(time.Second, limits{requests: requests, requestsOfAll: 2 * requests, watches: 1, grace: 100 * time.Millisecond}),
		func(c *genericapiserver.Config) {
			build := c.BuildHandlerChainFunc
			c.BuildHandlerChainFunc = func(api http.Handler, c *genericapiserver.Config) http.Handler {
				chain := build(api, c)
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == large {
						defer ended.Add(1)
					}
					chain.ServeHTTP(w, r)
				})
			}
		})
	dialed := make(chan *deafConn, 1)
	client := newHTTP2Client(t, 1<<30)
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		deaf := &deafConn{Conn: conn, deaf: make(chan struct{}), done: t.Context().Done()}
		dialed <- deaf
		return deaf, conn.(*net.TCPConn).SetReadBuffer(4096)
	}
	s.open(t, client, "alice", "/livez").Body.Close()
	close((<-dialed).deaf)
	for range requests {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+large, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-User", "alice")
		go func() {
			if response, err := client.Do(r); err == nil {
				response.Body.Close()
			}
		}()
	}
	eventually(t, "all have ended", func() bool { return ended.Load() == requests })
}

// deafConn is a connection that, once it is deaf, reads nothing until it is done.
type deafConn struct {
	net.Conn
	deaf chan struct{}
	done <-chan struct{}
}

func (c *deafConn) Read(b []byte) (int, error) {
	select {
	case <-c.deaf:
		<-c.done
		return 0, net.ErrClosed
	default:
		return c.Conn.Read(b)
	}
}

// A deadline that net/http sets for one request applies in addition to the general timeout.
func TestTimedConn(t *testing.T) {
	past := time.Now().Add(-time.Second)
	for name, tc := range map[string]struct {
		timeout time.Duration
		set     func(net.Conn) error
	}{
		"timeout":                 {time.Millisecond, func(net.Conn) error { return nil }},
		"timeout before deadline": {time.Millisecond, func(c net.Conn) error { return c.SetWriteDeadline(time.Now().Add(time.Hour)) }},
		"timeout, no deadline":    {time.Millisecond, func(c net.Conn) error { return c.SetWriteDeadline(time.Time{}) }},
		"write deadline":          {time.Hour, func(c net.Conn) error { return c.SetWriteDeadline(past) }},
		"deadline":                {time.Hour, func(c net.Conn) error { return c.SetDeadline(past) }},
	} {
		inner, peer := net.Pipe()
		c := &timedConn{Conn: inner, timeout: tc.timeout}
		if err := tc.set(c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: error %v", name, err)
		}
		peer.Close()
	}
}

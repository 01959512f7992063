// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

// dial opens a TLS connection to the server.
func (s *running) dial(t *testing.T, protocol string) *tls.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}) // as in newServer
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if got := conn.ConnectionState().NegotiatedProtocol; got != protocol {
		t.Fatalf("protocol %q", got)
	}
	// Tests fail instead of waiting for ever.
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// testLargeHeaders: headers that are too large are refused, and the connection is closed.
func testLargeHeaders(t *testing.T, s *running) {
	send := func(size int) (code, sent int) {
		conn := s.dial(t, "http/1.1")
		counted := &counter{Writer: conn}
		go func() {
			_, _ = fmt.Fprintf(counted, "GET %s HTTP/1.1\r\nHost: a\r\nX-User: alice\r\nX-Large: ", namespaces)
			for range size / 1024 {
				if _, err := io.WriteString(counted, strings.Repeat("a", 1024)); err != nil {
					return
				}
			}
			_, _ = io.WriteString(counted, "\r\n\r\n")
		}()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode, int(counted.n.Load())
	}
	if code, _ := send(512 << 10); code != http.StatusOK {
		t.Errorf("half a megabyte of headers: code %d", code)
	}
	const endless = 1 << 30
	if code, sent := send(endless); code != http.StatusRequestHeaderFieldsTooLarge || sent > 64<<20 {
		t.Errorf("endless headers: code %d after %d bytes", code, sent)
	}
}

// counter counts what is written.
type counter struct {
	io.Writer
	n atomic.Int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n.Add(int64(n))
	return n, err
}

// testBodies: a GET may have a body, as some proxies send one. It is ignored.
func testBodies(t *testing.T, s *running) {
	for name, body := range map[string]string{"small": "{}", "large": strings.Repeat("a", 8<<20)} {
		r, err := s.send("alice", http.MethodGet, namespaces, "", body)
		if err != nil || r.Code != http.StatusOK {
			t.Errorf("%s body: code %d, %v", name, r.Code, err)
		}
	}
	// Beyond 256 KiB, the server does not read the rest. It closes the connection.
	conn := s.dial(t, "http/1.1")
	counted := &counter{Writer: conn}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_, err := fmt.Fprintf(counted, "GET %s HTTP/1.1\r\nHost: a\r\nX-User: alice\r\nTransfer-Encoding: chunked\r\n\r\n", namespaces)
		for err == nil {
			_, err = io.WriteString(counted, "400\r\n"+strings.Repeat("a", 1024)+"\r\n")
		}
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	<-stopped
	if response.StatusCode != http.StatusOK || counted.n.Load() > 64<<20 {
		t.Errorf("endless body: code %d, %d bytes taken", response.StatusCode, counted.n.Load())
	}
}

// framer speaks HTTP/2 on a new connection.
func (s *running) framer(t *testing.T) (*http2.Framer, net.Conn) {
	t.Helper()
	conn := s.dial(t, http2.NextProtoTLS)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return framer, conn
}

// headerBlock returns the headers of a request of a user.
func headerBlock(t *testing.T, user, path string) []byte {
	t.Helper()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", path}, {"x-user", user}} {
		if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			t.Fatal(err)
		}
	}
	return block.Bytes()
}

// testContinuations: headers that never end must not be read for ever, nor be kept (CVE-2023-45288).
func testContinuations(t *testing.T, s *running) {
	framer, conn := s.framer(t)
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	if err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headerBlock(t, "alice", namespaces)}); err != nil {
		t.Fatal(err)
	}
	var fragment bytes.Buffer
	encoder := hpack.NewEncoder(&fragment)
	encoder.SetMaxDynamicTableSize(0)
	for range 15 {
		if err := encoder.WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("~", 1000), Sensitive: true}); err != nil {
			t.Fatal(err)
		}
	}
	const most = 64 << 20
	sent := 0
	for ; sent < most; sent += fragment.Len() {
		if framer.WriteContinuation(1, false, fragment.Bytes()) != nil {
			break
		}
	}
	if sent >= most {
		t.Errorf("the server has read %d bytes of headers", sent)
	}
}

// Requests that are reset at once must not run without bounds (CVE-2023-44487), and nobody else
// notices them.
func TestRapidReset(t *testing.T) {
	const flood = "/apis?flood"
	var running, most, begun atomic.Int32
	release := make(chan struct{})
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		build := c.BuildHandlerChainFunc
		c.BuildHandlerChainFunc = func(api http.Handler, c *genericapiserver.Config) http.Handler {
			chain := build(api, c)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RequestURI() == flood {
					begun.Add(1)
					now := running.Add(1)
					for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
					}
					<-release
					running.Add(-1)
				}
				chain.ServeHTTP(w, r)
			})
		}
	})
	defer close(release)
	framer, _ := s.framer(t)
	ended := make(chan http2.ErrCode, 1)
	go func() {
		defer close(ended)
		for frame, err := framer.ReadFrame(); err == nil; frame, err = framer.ReadFrame() {
			if last, ok := frame.(*http2.GoAwayFrame); ok {
				ended <- last.ErrCode
				return
			}
		}
	}()
	block := headerBlock(t, "alice", flood)
	for id := uint32(1); ; id += 2 {
		if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true, EndStream: true}) != nil ||
			framer.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
			break
		}
	}
	if code := <-ended; code != http2.ErrCodeEnhanceYourCalm {
		t.Errorf("the connection has ended with %v", code)
	}
	if begun.Load() == 0 || most.Load() > 100 {
		t.Errorf("%d requests have begun, %d at a time", begun.Load(), most.Load())
	}
	if code := s.code(t, "bob", namespaces); code != http.StatusOK {
		t.Errorf("meanwhile, another user gets %d", code)
	}
}

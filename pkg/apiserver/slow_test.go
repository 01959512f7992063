// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	certutil "k8s.io/client-go/util/cert"
)

// pipes is a listener whose connections are in memory, so that their timeouts are those of a bubble.
type pipes struct{ accepted chan net.Conn }

func (p *pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.accepted
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p *pipes) Close() error { return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A client that sends slowly, or nothing, is cut off, whatever it has begun. The filters and the
// listener are those of the server, and so is how the generic server makes its net/http server.
func TestSlowClientsAreCutOff(t *testing.T) {
	cert, key, err := certutil.GenerateSelfSignedCertKey("localhost", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		protocol string
		// send sends something and returns when the server has closed the connection.
		send func(net.Conn) error
	}{
		"no handshake":           {"", waitForEnd},
		"no request":             {"http/1.1", waitForEnd},
		"no request over HTTP/2": {"h2", func(c net.Conn) error { return begin(c, preface) }},
		"no preface over HTTP/2": {"h2", waitForEnd},
		"headers, byte by byte":  {"http/1.1", func(c net.Conn) error { return trickle(c, "GET / HTTP/1.1\r\nHost: a\r\nX: ") }},
		"body, byte by byte": {"http/1.1", func(c net.Conn) error {
			return trickle(c, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
		}},
		"chunks, byte by byte": {"http/1.1", func(c net.Conn) error {
			return trickle(c, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n")
		}},
		"no body": {"http/1.1", func(c net.Conn) error {
			return begin(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
		}},
		"body of a long URI": {"http/1.1", func(c net.Conn) error {
			return trickle(c, "GET /"+strings.Repeat("a", 9000)+" HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
		}},
		"no second request":       {"http/1.1", func(c net.Conn) error { return begin(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }},
		"headers without an end":  {"h2", func(c net.Conn) error { return begin(c, preface+"\x00\x00\x01\x01\x00\x00\x00\x00\x01\x82") }},
		"a frame without an end":  {"h2", func(c net.Conn) error { return begin(c, preface+"\x00\x40\x00\x01\x04\x00\x00\x00\x01\x82") }},
		"a stream without an end": {"h2", func(c net.Conn) error { return begin(c, preface+"\x00\x00\x03\x01\x04\x00\x00\x00\x01\x82\x87\x84") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, stop := servePipe(t, cert, key)
				defer stop()
				if tc.protocol != "" {
					secured := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{tc.protocol}})
					if err := secured.Handshake(); err != nil {
						t.Fatal(err)
					}
					conn = secured
				}
				begun := time.Now()
				if err := tc.send(conn); err != nil {
					t.Error(err)
				}
				if cutOff := time.Since(begun); cutOff > 2*time.Minute { // of the bubble's time
					t.Errorf("cut off after %v", cutOff)
				}
			})
		})
	}
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// servePipe serves one connection as a server does.
func servePipe(t *testing.T, cert, key []byte) (client net.Conn, stop func()) {
	t.Helper()
	given, err := dynamiccertificates.NewStaticCertKeyContent("test", cert, key)
	if err != nil {
		t.Fatal(err)
	}
	listener := &pipes{accepted: make(chan net.Conn, 1)}
	timeout := NewGenericConfig().RequestTimeout
	serving := &genericapiserver.SecureServingInfo{Listener: &timedListener{Listener: listener, timeout: timeout}, Cert: given}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.URL.Path) })
	stopping := make(chan struct{})
	stopped, closed, err := serving.Serve(defaultLimits.guarded(answer, timeout), time.Second, stopping)
	if err != nil {
		t.Fatal(err)
	}
	client, server := net.Pipe()
	listener.accepted <- server
	return client, func() {
		close(stopping)
		close(listener.accepted)
		client.Close()
		<-stopped
		<-closed
	}
}

// waitForEnd reads until the server closes the connection.
func waitForEnd(c net.Conn) error {
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	_, err := io.Copy(io.Discard, bufio.NewReader(c))
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
		return fmt.Errorf("the connection is still open after an hour")
	}
	return nil
}

// begin sends the beginning of something.
func begin(c net.Conn, what string) error {
	go func() { _, _ = io.WriteString(c, what) }()
	return waitForEnd(c)
}

// trickle sends the beginning of something, and then a byte each second.
func trickle(c net.Conn, what string) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := io.WriteString(c, what)
		for err == nil {
			time.Sleep(time.Second)
			_, err = io.WriteString(c, "a")
		}
	}()
	defer func() {
		c.Close()
		<-done
	}()
	return waitForEnd(c)
}

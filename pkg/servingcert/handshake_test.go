// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// connect lets a client shake hands with a server, ask and end. It returns the error of the client.
func connect(t *testing.T, m *Monitor, p pair, config *tls.Config, slow bool, client func(net.Conn) error) error {
	t.Helper()
	certificate, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	l := m.Listen(&slowListener{Listener: inner, slow: slow})
	served := make(chan struct{})
	go func() {
		defer close(served)
		raw, err := l.Accept()
		if err != nil {
			return
		}
		defer raw.Close()
		config = config.Clone()
		config.Certificates = []tls.Certificate{certificate}
		c := tls.Server(raw, config)
		_, _ = io.Copy(c, c)
	}()
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	err = client(c)
	c.Close()
	<-served
	return err
}

// slowListener gives connections that return one byte at a time.
type slowListener struct {
	net.Listener
	slow bool
}

func (l *slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && l.slow {
		c = &slowConn{Conn: c, reader: iotest.OneByteReader(c)}
	}
	return c, err
}

type slowConn struct {
	net.Conn
	reader io.Reader
}

func (c *slowConn) Read(b []byte) (int, error) { return c.reader.Read(b) }

// Only clients that end the handshake because of the certificate count: not those that accept it,
// nor those that only look whether the port is open.
func TestRefusedHandshakes(t *testing.T) {
	p := issue(t, nil)
	trusting := x509.NewCertPool()
	trusting.AppendCertsFromPEM(p.cert)
	ask := func(config *tls.Config) func(net.Conn) error {
		return func(raw net.Conn) error {
			c := tls.Client(raw, config)
			if _, err := c.Write([]byte("hello")); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
				return err
			}
			return c.Close()
		}
	}
	for name, tc := range map[string]struct {
		client  func(net.Conn) error
		refused bool
	}{
		"accepts":           {ask(&tls.Config{RootCAs: trusting, ServerName: serverName}), false},
		"does not verify":   {ask(&tls.Config{InsecureSkipVerify: true}), false},
		"unknown authority": {ask(&tls.Config{RootCAs: x509.NewCertPool(), ServerName: serverName}), true},
		"another name":      {ask(&tls.Config{RootCAs: trusting, ServerName: "other"}), true},
		"later":             {ask(&tls.Config{RootCAs: trusting, ServerName: serverName, Time: func() time.Time { return time.Now().AddDate(1, 0, 0) }}), true},
		"only connects":     {func(net.Conn) error { return nil }, false},
		"does not speak TLS": {func(c net.Conn) error {
			_, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
			return errors.Join(err, c.(*net.TCPConn).CloseWrite())
		}, false},
		"other versions": {ask(&tls.Config{MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10}), false},
		"closes after its hello": {func(raw net.Conn) error {
			return tls.Client(&halfConn{Conn: raw}, &tls.Config{InsecureSkipVerify: true}).Handshake()
		}, false},
	} {
		for version, server := range map[string]struct {
			config *tls.Config
			alert  string
		}{
			"TLS 1.2": {&tls.Config{MaxVersion: tls.VersionTLS12}, "bad certificate"},
			"TLS 1.3": {&tls.Config{}, "encrypted"},
			// The client must begin again, with a key for this curve.
			"TLS 1.3 again": {&tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}, "encrypted"},
		} {
			for _, slow := range []bool{false, true} {
				var log lines
				m := log.attach(NewMonitor(p, Options{}))
				err := connect(t, m, p, server.config, slow, tc.client)
				messages, text := log.take()
				if refused := len(messages) == 1; refused != tc.refused || len(messages) > 1 {
					t.Errorf("%s, %s, slow %v (%v): logged %q", name, version, slow, err, text)
				}
				if tc.refused && !strings.Contains(text, server.alert) {
					t.Errorf("%s, %s: no %q in %s", name, version, server.alert, text)
				}
			}
		}
	}
}

// halfConn reads nothing.
type halfConn struct{ net.Conn }

func (c *halfConn) Read([]byte) (int, error) { return 0, io.EOF }

// Clients must not be able to fill the log.
func TestRefusedHandshakesAreLoggedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		m := log.attach(NewMonitor(issue(t, nil), Options{}))
		for range 100 {
			m.observe(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, "")
		}
		if got, text := log.take(); len(got) != 1 || !strings.Contains(text, "192.0.2.1") || !strings.Contains(text, "spec.caBundle") {
			t.Errorf("logged %s", text)
		}
		time.Sleep(between)
		m.observe(&net.TCPAddr{}, "")
		if got, text := log.take(); len(got) != 1 || !strings.Contains(text, "count=100") {
			t.Errorf("logged %s", text)
		}
	})
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

const (
	// connectionsVariable is the environment variable with the number of idle connections to open.
	connectionsVariable = "TENANTVIEW_TEST_CONNECTIONS"
	// holdVariable makes the test hold connections to that address, for another process.
	holdVariable = "TENANTVIEW_TEST_HOLD"
)

// Connections on which nothing happens keep nobody from being served, and together cost a bounded
// amount of memory. They need no user: whoever reaches the port can open them.
func TestIdleConnections(t *testing.T) {
	if address := os.Getenv(holdVariable); address != "" {
		holdConnections(t, address)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("needs several loopback addresses")
	}
	const most = 96 << 10 // bytes of heap and stacks for each
	var open atomic.Int64
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		c.SecureServing.Listener = &countingListener{c.SecureServing.Listener, &open}
	})
	before := memory()
	n := idleConnections(t)
	release := s.holdConnections(t, n)
	addresses := (n + connectionsOfOneAddress - 1) / connectionsOfOneAddress
	want := min(n, addresses*connectionsOfAddress, connectionsOfAll)
	eventually(t, "those that are too many are closed", func() bool { return open.Load() <= int64(want)+2 })
	held := open.Load()
	if n <= connectionsOfAll/2 && held < int64(want) {
		t.Errorf("%d connections are open, want %d", held, want)
	}
	each := (memory() - before) / held
	t.Logf("%d of %d connections, %d bytes each", held, n, each)
	if each > most {
		t.Errorf("each of %d connections takes %d bytes, want at most %d", held, each, most)
	}
	for i := range 50 {
		if i%2 == 0 {
			s.client.CloseIdleConnections() // so that the next one needs a handshake
		}
		if code := s.code(t, fmt.Sprint("user-", i), namespaces); code != http.StatusOK {
			t.Errorf("request %d: code %d", i, code)
		}
	}
	release()
	eventually(t, "the connections are closed", func() bool { return open.Load() < 10 })
}

// connectionsOfOneAddress is how many connections each address opens: more than it may have.
const connectionsOfOneAddress = connectionsOfAddress + 200

// holdConnections opens connections from another process, because each process has a limit of open
// files.
func (s *running) holdConnections(t *testing.T, n int) (release func()) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIdleConnections$")
	command.Env = append(os.Environ(), holdVariable+"="+strings.TrimPrefix(s.url, "https://"), connectionsVariable+"="+strconv.Itoa(n))
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("the clients say %q, %v", line, err)
	}
	return func() {
		input.Close()
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// idleConnections returns how many connections to open.
func idleConnections(t *testing.T) int {
	t.Helper()
	n := connectionsOfOneAddress
	if value := os.Getenv(connectionsVariable); value != "" {
		var err error
		if n, err = strconv.Atoi(value); err != nil {
			t.Fatalf("%s: %v", connectionsVariable, err)
		}
	}
	return n
}

// memory returns what the process uses for heap and stacks.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// holdConnections opens HTTP/2 connections and keeps them until its input ends. The server may close
// some at once.
func holdConnections(t *testing.T, address string) {
	n := idleConnections(t)
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http2.NextProtoTLS}} // as in newServer
	var opening sync.WaitGroup
	for worker := range 8 {
		opening.Go(func() {
			for i := worker; i < n; i += 8 {
				from := net.IPv4(127, 0, 1, byte(1+i/connectionsOfOneAddress))
				conn, err := tls.DialWithDialer(&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}, "tcp", address, config)
				if err != nil {
					continue
				}
				t.Cleanup(func() { conn.Close() })
				if _, err := io.WriteString(conn, http2.ClientPreface); err == nil {
					_ = http2.NewFramer(conn, nil).WriteSettings()
				}
			}
		})
	}
	opening.Wait()
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// countingListener counts the connections that are open.
type countingListener struct {
	net.Listener
	open *atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &countedConn{Conn: conn, close: sync.OnceValue(func() error {
		l.open.Add(-1)
		return conn.Close()
	})}, nil
}

type countedConn struct {
	net.Conn
	close func() error
}

func (c *countedConn) Close() error { return c.close() }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

// wire counts what a server writes to its connections. With TLS, each write is a record, or a part of one.
type wire struct {
	net.Listener
	writes atomic.Int64
}

func (w *wire) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wireConn{conn, w}, nil
}

type wireConn struct {
	net.Conn
	of *wire
}

func (c *wireConn) Write(p []byte) (int, error) {
	c.of.writes.Add(1)
	return c.Conn.Write(p)
}

// namespacesOfAlice is an upstream in which alice owns n namespaces, of about 650 bytes each.
func namespacesOfAlice(t testing.TB, n int) *upstream {
	u := newUpstream(t)
	list := corev1.NamespaceList{TypeMeta: metav1.TypeMeta{Kind: "NamespaceList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1000"}}
	for i := range n {
		namespace := tenantNamespace(fmt.Sprintf("solar-%03d", i), 101+i)
		namespace.Annotations = map[string]string{"description": strings.Repeat("x", 400)}
		list.Items = append(list.Items, namespace)
	}
	u.lists["namespaces"] = list
	return u
}

// newLister starts a server with n namespaces. list lists them as alice over HTTP/2 and returns the size of the
// answer, and how many writes it took.
func newLister(t testing.TB, n int) (list func(encoding string) (size, writes int64)) {
	w := &wire{}
	s := newServer(t, namespacesOfAlice(t, n), func(c *genericapiserver.Config) {
		w.Listener, c.SecureServing.Listener = c.SecureServing.Listener, w
	})
	eventually(t, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	client := newHTTP2Client(t, 1<<20)
	list = func(encoding string) (size, writes int64) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+namespaces, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-User", "alice")
		if encoding != "" {
			r.Header.Set("Accept-Encoding", encoding)
		}
		before := w.writes.Load()
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if size, err = io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
			t.Fatal(response.Proto, response.Status, err)
		}
		return size, w.writes.Load() - before
	}
	// The first bytes of a connection go in small records (crypto/tls, DynamicRecordSizingDisabled).
	for sent := int64(0); sent < 256<<10; {
		size, _ := list("")
		sent += size + 1<<10
	}
	return list
}

// A small answer takes one write for each frame, and no more frames than needed: the headers, the body in frames of
// 16 KB, and the end of the stream. golang.org/x/net/http2 sends that with the body only if the body is below 4 KB,
// and may split one write of a frame in two if another frame waits.
func TestSmallAnswersTakeFewWrites(t *testing.T) {
	for n, most := range map[int]int64{0: 2, 10: 3, 40: 5} {
		list := newLister(t, n)
		for _, encoding := range []string{"", "gzip"} {
			for range 5 {
				if size, writes := list(encoding); writes > most || size < int64(n)*600 {
					t.Errorf("%d items, encoding %q: %d bytes in %d writes, want %d", n, encoding, size, writes, most)
				}
			}
		}
	}
}

// The cost of a list through all filters, of client and server together.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{0, 10, 100} {
		b.Run(fmt.Sprint("items=", n), func(b *testing.B) {
			list := newLister(b, n)
			b.ReportAllocs()
			var total int64
			for b.Loop() {
				_, writes := list("gzip")
				total += writes
			}
			b.ReportMetric(float64(total)/float64(b.N), "writes/op")
		})
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/accessreview"
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

// inGroups authenticates like authenticate, and adds groups by a header. Like kube-apiserver, it names the credential.
func inGroups(r *http.Request) (*authenticator.Response, bool, error) {
	response, ok, err := authenticate(r)
	if ok {
		u := response.User.(*user.DefaultInfo)
		u.Groups = append(slices.Clone(r.Header.Values("X-Group")), u.Groups...)
		u.Extra = map[string][]string{user.CredentialIDKey: {"X509SHA256=1"}}
	}
	return response, ok, err
}

// newLister starts a server with n namespaces. list lists them over HTTP/2 as alice, who is in some groups, and
// returns the size of the answer, and how many writes it took.
func newLister(t testing.TB, n, groups int) (list func(encoding string) (size, writes int64)) {
	w := &wire{}
	s := newServer(t, namespacesOfAlice(t, n), func(c *genericapiserver.Config) {
		w.Listener, c.SecureServing.Listener = c.SecureServing.Listener, w
		c.Authentication.Authenticator = authenticator.RequestFunc(inGroups)
		delegated := accessreview.NewDelegated(accessreview.DelegatedConfig{
			Reviews: authorizer.AuthorizerFunc(authorize), Served: Resources(), Names: accessreview.NewNameLimit(), AllowTTL: time.Hour, DenyTTL: time.Hour,
		})
		c.Authorization.Authorizer = authorizer.AuthorizerFunc(delegated.Authorize)
	})
	eventually(t, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	client := newHTTP2Client(t, 1<<20)
	names := make([]string, groups)
	for i := range names {
		names[i] = fmt.Sprintf("department-%03d", i)
	}
	list = func(encoding string) (size, writes int64) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+namespaces, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-User", "alice")
		r.Header["X-Group"] = names
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
		list := newLister(t, n, 1)
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
	for _, bc := range []struct{ items, groups int }{{0, 1}, {10, 1}, {100, 1}, {10, 3}, {10, 300}} {
		b.Run(fmt.Sprintf("items=%d/groups=%d", bc.items, bc.groups), func(b *testing.B) {
			list := newLister(b, bc.items, bc.groups)
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// replicas are two servers behind the address to which the APIService leads.
type replicas struct {
	balancer *balancer
	// first is the server of the control plane, second another one of the same flags.
	first, second string
}

// newReplicas starts a second server, and puts a balancer before both. The end of the test undoes that.
func newReplicas(t *testing.T) *replicas {
	t.Helper()
	second := shared.Serve(t, shared.ServerAccount(t), nil, shared.Flags...)
	second.WaitReady(t)
	r := &replicas{
		first:    controlplane.Address(shared.Ports().Server),
		second:   second.Address,
		balancer: newBalancer(t),
	}
	r.balancer.use(r.first, r.second)
	lead := func(ctx context.Context, port int) error {
		service := fmt.Sprintf("spec: {ports: [{name: https, port: %d}]}", port)
		if err := shared.TryPatch(ctx, "Service", controlplane.ServerNamespace, controlplane.ServerName, service); err != nil {
			return err
		}
		api := fmt.Sprintf("spec: {service: {port: %d}}", port)
		if err := shared.TryPatch(ctx, "APIService", "", controlplane.APIServiceName, api); err != nil {
			return err
		}
		return shared.WaitAPIServiceAvailable(ctx)
	}
	t.Cleanup(func() {
		if err := lead(context.WithoutCancel(t.Context()), shared.Ports().Server); err != nil {
			t.Error(err)
		}
	})
	if err := lead(t.Context(), r.balancer.port()); err != nil {
		t.Fatal(err)
	}
	return r
}

// balancer gives each connection to one of its backends.
type balancer struct {
	listener net.Listener

	mu       sync.Mutex
	backends []string
	conns    map[net.Conn]struct{}
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: listener, conns: make(map[net.Conn]struct{})}
	t.Cleanup(func() {
		listener.Close()
		b.use()
	})
	go b.serve()
	return b
}

func (b *balancer) port() int { return b.listener.Addr().(*net.TCPAddr).Port }

// use cuts all connections. New ones go to one of these backends.
func (b *balancer) use(backends ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = backends
	for c := range b.conns {
		c.Close()
	}
}

func (b *balancer) serve() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.pass(c)
	}
}

func (b *balancer) pass(c net.Conn) {
	defer c.Close()
	b.mu.Lock()
	backends := slices.Clone(b.backends)
	b.mu.Unlock()
	rand.Shuffle(len(backends), func(i, j int) { backends[i], backends[j] = backends[j], backends[i] })
	for _, backend := range backends { // one that is down is left out
		to, err := net.Dial("tcp", backend)
		if err != nil {
			continue
		}
		b.join(c, to)
		return
	}
}

func (b *balancer) join(c, to net.Conn) {
	b.mu.Lock()
	b.conns[c], b.conns[to] = struct{}{}, struct{}{}
	b.mu.Unlock()
	go func() {
		_, _ = io.Copy(to, c)
		to.Close()
	}()
	_, _ = io.Copy(c, to)
	c.Close()
	b.mu.Lock()
	delete(b.conns, c)
	delete(b.conns, to)
	b.mu.Unlock()
}

// If a list comes from one replica and the watch from another, kubectl continues, although it gives up on
// 410 Expired. An informer must list again, because each replica counts its own revisions.
func TestListAndWatchOfDifferentReplicas(t *testing.T) {
	s := newScene()
	everybodys.start(t)
	s.create(t, solar+everyKind("x$", "solar$"))
	everybodys.passAll(t)
	r := newReplicas(t)
	user := shared.As(t, s.user)
	for _, k := range kinds {
		r.balancer.use(r.first)
		awaitReplica(t)
		g := newGate(t, user, func(request *http.Request) bool { return strings.Contains(request.URL.RawQuery, "watch") })
		c := kubectl(t, &rest.Config{Host: g.url}, "get", k.Resource(), "-w")
		g.waitHeld(t)
		rv := testcluster.Get(t, user, k.Path()).List(t).GetResourceVersion()
		r.balancer.use(r.second)
		awaitReplica(t)
		g.open()
		expectLines(t, first(c.until(t, "x"), 1), "NAME", "sentinel", s.of("x$"))
		s.create(t, k.object("y$", ofTenant(k, "solar$")))
		for _, name := range first(c.until(t, "y"), 1) {
			if name != sentinelName && name != s.of("x$") && name != s.of("y$") {
				t.Errorf("kubectl says %q", name)
			}
		}
		stream := testcluster.Watch(t, user, k.Path()+"?watch=1&resourceVersion="+rv)
		if e := stream.Next(t); e.Type != "ERROR" || fmt.Sprint(e.Object.Object["code"]) != "410" {
			t.Errorf("%s: resuming at the other replica gave %v", k.Upstream.Resource, e.Object.Object)
		}
	}
}

// awaitReplica waits until kube-apiserver reaches the server: after its connection was cut it tries again.
func awaitReplica(t *testing.T) {
	t.Helper()
	testcluster.Eventually(t, "the API group is served", func() error {
		answer, err := testcluster.TryGet(t.Context(), shared.Admin, kinds[0].Path())
		if err == nil && answer.Code != http.StatusOK {
			err = fmt.Errorf("%d: %s", answer.Code, answer.Body)
		}
		return err
	})
}

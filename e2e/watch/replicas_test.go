// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// replicas are two servers behind the address to which the APIService leads.
type replicas struct {
	balancer *testcluster.Balancer
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
		balancer: testcluster.NewBalancer(t),
	}
	r.balancer.Use(r.first, r.second)
	shared.LeadTo(t, r.balancer.Port())
	return r
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
		r.balancer.Use(r.first)
		awaitReplica(t)
		g := newGate(t, user, func(request *http.Request) bool { return strings.Contains(request.URL.RawQuery, "watch") })
		c := kubectl(t, &rest.Config{Host: g.url}, "get", k.Resource(), "-w")
		g.waitHeld(t)
		rv := testcluster.Get(t, user, k.Path()).List(t).GetResourceVersion()
		r.balancer.Use(r.second)
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"capsule.dev/tenantview/e2e/testcluster"
)

// fleet is servers behind one port, to which the APIService leads. They have the flags of the manifests.
type fleet struct {
	t        *testing.T // the servers end with this test
	balancer *testcluster.Balancer
	servers  []*testcluster.Server
}

// newFleet starts two servers.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, balancer: testcluster.NewReadyBalancer(t, ready)}
	f.start()
	f.start()
	shared.LeadTo(t, f.balancer.Port())
	return f
}

// ready returns whether a server says that it is ready, like the probe of a Pod.
func ready(address string) bool {
	client := http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, // The kubelet does not verify either.
	}
	response, err := client.Get("https://" + address + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// start adds a server, and returns when it is ready.
func (f *fleet) start() {
	f.t.Helper()
	s := shared.Serve(f.t, shared.ServerAccount(f.t), nil, append([]string{"--shutdown-delay-duration=5s"}, shared.Flags...)...)
	s.WaitReady(f.t)
	f.servers = append(f.servers, s)
	f.set()
}

func (f *fleet) set() {
	var all []string
	for _, s := range f.servers {
		all = append(all, s.Address)
	}
	f.balancer.Set(all...)
}

// order puts the server first that kube-apiserver uses: it has the most watches.
func (f *fleet) order(t *testing.T) {
	t.Helper()
	watches := make(map[*testcluster.Server]float64)
	for _, s := range f.servers {
		answer, err := s.TryGet(t, shared.Admin, "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range answer.Metrics(t) {
			if strings.HasPrefix(name, "tenantview_watchers{") {
				watches[s] += value
			}
		}
	}
	slices.SortStableFunc(f.servers, func(a, b *testcluster.Server) int { return cmp.Compare(watches[b], watches[a]) })
	if watches[f.servers[0]] == 0 {
		t.Fatal("no server has a watch")
	}
}

// end sends a signal to a server, and returns when it has ended. A server that was killed leaves the fleet
// at once, like a Pod whose container has ended.
func (f *fleet) end(t *testing.T, s *testcluster.Server, signal syscall.Signal) {
	t.Helper()
	if err := s.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	code := s.WaitEnded(t)
	if signal == syscall.SIGTERM && code != 0 {
		t.Errorf("exit code %d:\n%s", code, s.Output.String())
	}
	f.servers = slices.DeleteFunc(slices.Clone(f.servers), func(other *testcluster.Server) bool { return other == s })
	f.set()
}

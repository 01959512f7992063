// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// Users do not notice that a server ends in order: no list fails. When a server is killed, a client loses at
// most the list that was under way. Watches go on, or list again, and in the end know exactly what their
// user may see. The figures are in the log of the test.
func TestFailover(t *testing.T) {
	arrange(t)
	f := newFleet(t)
	var figures strings.Builder
	table := tabwriter.NewWriter(&figures, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "disruption\tlists\tfailed\tlongest gap\twatches ended\tcut\trefused\tresumed\t410\tunavailable")
	for _, tc := range []struct {
		name string
		// do disrupts the fleet of two servers. kube-apiserver uses the first one.
		do func(*testing.T)
		// killed means that lists under way may fail.
		killed bool
	}{
		{"SIGTERM of the used server", func(t *testing.T) { f.end(t, f.servers[0], syscall.SIGTERM) }, false},
		{"SIGTERM of the other server", func(t *testing.T) { f.end(t, f.servers[1], syscall.SIGTERM) }, false},
		{"SIGKILL of the used server", func(t *testing.T) { f.end(t, f.servers[0], syscall.SIGKILL) }, true},
		{"SIGKILL of the other server", func(t *testing.T) { f.end(t, f.servers[1], syscall.SIGKILL) }, true},
		{"rolling restart", func(t *testing.T) {
			for range 2 {
				f.start()
				f.end(t, f.servers[0], syscall.SIGTERM)
			}
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for len(f.servers) < 2 {
				f.start()
			}
			if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
				t.Fatal(err)
			}
			r := underLoad(t, func(t *testing.T) {
				f.order(t)
				tc.do(t)
			})
			fmt.Fprintf(table, "%s\t%d\t%d\t%v\t%d\t%d\t%d\t%d\t%d\t%d\n", tc.name, r.good, r.failed, r.gap.Round(time.Millisecond),
				r.clean, r.cut, r.refused, r.resumed, r.expired, len(r.unavailable))
			if r.failed > 0 {
				t.Logf("failed lists: %q", r.reasons)
			}
			switch {
			case !tc.killed && r.failed > 0:
				t.Errorf("%d lists have failed", r.failed)
			case r.most > 1:
				t.Errorf("a client has lost %d lists: only one can be under way", r.most)
			}
			if !tc.killed && len(r.unavailable) > 0 {
				t.Errorf("the APIService was not Available: %q", r.unavailable)
			}
			if r.clean+r.cut+r.refused == 0 && tc.name != "SIGTERM of the other server" && tc.name != "SIGKILL of the other server" {
				t.Error("no watch has ended: nothing was disrupted")
			}
		})
	}
	table.Flush()
	t.Logf("%d objects of each of %d kinds:\n%s", always+moving, len(kinds), &figures)
}

// result is what clients have met.
type result struct {
	good, failed, most int
	gap                time.Duration
	reasons            []string
	endings
	// unavailable are the messages of the APIService while it was not Available.
	unavailable []string
}

// underLoad does something while clients list and watch and objects change. It fails the test unless all
// clients know the truth in the end.
func underLoad(t *testing.T, do func(*testing.T)) (r result) {
	t.Helper()
	service := testcluster.Watch(t, shared.Admin, "/apis/apiregistration.k8s.io/v1/apiservices?watch=1&fieldSelector=metadata.name="+controlplane.APIServiceName)
	defer service.Stop()
	alice := shared.As(t, "alice")
	changes := startWriter(t)
	informed := startInformers(t, alice)
	followed, endFollowers := startFollowers(t, alice, 3)
	lists := startListers(t, alice, 3)
	lists.more(t)

	do(t)
	lists.more(t)

	lists.end()
	changes.end()
	r.good, r.failed, r.most, r.gap, r.reasons = lists.result()
	models := slices.Concat(informed, followed)
	for i, m := range models {
		testcluster.Eventually(t, fmt.Sprintf("client %d of %d of watches knows the truth", i, len(models)), func() error { return m.compare(t.Context()) })
	}
	r.endings = endFollowers()
	for _, m := range models {
		m.mu.Lock()
		if n := len(m.violations); n > 0 {
			t.Errorf("%s: %d events that do not fit: %q", m.kind.Resource(), n, m.violations[:min(5, n)])
		}
		m.mu.Unlock()
	}
	// Everything that happened to the APIService comes before this change.
	check(t)
	end, err := shared.Client("APIService", "").Get(t.Context(), controlplane.APIServiceName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	last := end.GetAnnotations()["e2e"]
	for _, e := range service.Until(t, func(e testcluster.Event) bool { return e.Object.GetAnnotations()["e2e"] == last }) {
		if status, message := condition(e.Object); status != "True" {
			r.unavailable = append(r.unavailable, message)
		}
	}
	return r
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"capsule.dev/tenantview/e2e/testcluster"
)

// metricOf is a metric of one kind, with another label if it has one.
func metricOf(t *testing.T, name string, k kind, label ...string) float64 {
	t.Helper()
	labels := []string{fmt.Sprintf("resource=%q", k.Resource())}
	if len(label) > 0 {
		labels = append(labels, fmt.Sprintf("%s=%q", label[0], label[1]))
	}
	slices.Sort(labels)
	return shared.Metrics(t)["tenantview_"+name+"{"+strings.Join(labels, ",")+"}"]
}

// moves returns a function that waits until a metric has moved by an amount since now.
func moves(t *testing.T, name string, k kind, labels ...string) func(by float64) {
	t.Helper()
	before := metricOf(t, name, k, labels...)
	return func(by float64) {
		t.Helper()
		testcluster.Eventually(t, fmt.Sprintf("%s %v has moved by %v", name, labels, by), func() error {
			if got := metricOf(t, name, k, labels...) - before; got != by {
				return fmt.Errorf("it has moved by %v", got)
			}
			return nil
		})
	}
}

// The metrics show administrators how many watches there are, whether clients must list again, and why
// watches end.
func TestMetrics(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.Upstream.Resource, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, solar)
			everybodys.passAll(t)
			user := shared.As(t, s.user)
			watchers, client := moves(t, "watchers", k), moves(t, "watch_terminated_total", k, "reason", "client")
			var streams []*testcluster.Stream
			for range 3 {
				streams = append(streams, testcluster.Watch(t, user, k.Path()+"?watch=1"))
			}
			watchers(3)
			for _, stream := range streams {
				stream.Stop()
			}
			watchers(0)
			client(3)

			timeout := moves(t, "watch_terminated_total", k, "reason", "timeout")
			testcluster.Watch(t, user, k.Path()+"?watch=1&timeoutSeconds=1").Rest(t)
			timeout(1)

			listed := testcluster.Get(t, user, k.Path()).List(t).GetResourceVersion()
			from := k.Path() + "?watch=1&resourceVersion="
			resumed := moves(t, "watch_resume_total", k, "result", "resumed")
			testcluster.Watch(t, user, from+listed).Stop()
			resumed(1)
			foreign := moves(t, "watch_resume_total", k, "result", "foreign")
			testcluster.Watch(t, user, from+"1").Rest(t)
			foreign(1)
			restarted := moves(t, "watch_resume_total", k, "result", "restarted")
			testcluster.Watch(t, user, from+"1", "Accept", asTable).Stop()
			restarted(1)
			s.patch(t, "Tenant", "solar$", owners())
			everybodys.pass(t, "Tenant")
			expired := moves(t, "watch_resume_total", k, "result", "expired")
			testcluster.Watch(t, user, from+listed).Rest(t)
			expired(1)
			resumed(1)
		})
	}
}

// A client that takes none of its events is finally disconnected, without effect on others.
func TestSlowClient(t *testing.T) {
	s := newScene()
	k := kindOf("priorityclasses")
	everybodys.start(t)
	source := solar
	for i := range 8 {
		source += k.object(fmt.Sprintf("x$-%d", i), ofTenant(k, "solar$"))
	}
	s.create(t, source)
	everybodys.passAll(t)
	user := shared.As(t, s.user)
	slow := moves(t, "watch_terminated_total", k, "reason", "slow")
	watchers := moves(t, "watchers", k)
	response := openUnread(t, shared.DirectConfig(user), k.Path()+"?watch=1")
	other := testcluster.Watch(t, user, k.Path()+"?watch=1")
	watchers(2)
	change := func(i, round int, padding string) error {
		return shared.TryPatch(t.Context(), k.UpstreamKind, "", s.of(fmt.Sprintf("x$-%d", i)),
			fmt.Sprintf("metadata: {annotations: {padding: %q, round: \"%d\"}}", padding, round))
	}
	// First what the buffers between the server and the client hold, then more than the queue before them.
	const large, small = 40, 160
	for round := range large {
		if err := change(0, round, strings.Repeat("x", 200<<10)); err != nil {
			t.Fatal(err)
		}
	}
	group := errgroup.Group{}
	for i := range 8 {
		group.Go(func() error {
			for round := range small {
				if err := change(i, large+round, ""); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	// The other client has got all events.
	events := 0
	for _, e := range other.Until(t, everybodys.touch(t, k)) {
		if e.Type == "MODIFIED" && e.Name() != sentinelName {
			events++
		}
	}
	if want := large + 8*small; events != want {
		t.Errorf("the other client has got %d events, want %d", events, want)
	}
	slow(1)
	watchers(1)
	response.Body.Close()
}

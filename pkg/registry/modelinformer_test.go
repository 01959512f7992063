// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/dynamic"
	clientfeatures "k8s.io/client-go/features"
	clientfeaturestesting "k8s.io/client-go/features/testing"
	"k8s.io/client-go/metadata"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
)

// informerRunsVariable is the environment variable with the number of random runs. A replayed run
// does not repeat what the clients did: they have their own clocks.
const informerRunsVariable = "TENANTVIEW_TEST_INFORMERS"

// Unmodified clients end up with exactly what their users may see. That holds whatever happens to
// the cluster, the connections and the servers, and however the clients list and watch.
func TestInformers(t *testing.T) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	t.Cleanup(func() { klog.LogToStderr(true) })
	for _, seed := range worlds.Seeds(t, informerRunsVariable, 2) {
		for _, watchList := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/WatchList=%v", seed, watchList), func(t *testing.T) {
				t.Logf("replay with %s=%d", worlds.SeedVariable, seed)
				clientfeaturestesting.SetFeatureDuringTest(t, clientfeatures.WatchListClient, watchList)
				runInformers(t, seed)
			})
		}
	}
}

const (
	informerRounds = 4
	// informerSteps is the number of steps in a round. After each round, all clients are compared.
	informerSteps = 60
)

type informerModel struct {
	t       *testing.T
	server  *watchServer
	history *feed.History
	policy  grants.Policy
	rbac    *rbac
	random  *rand.Rand
	// replicas are the servers. Each lags behind by a different time. One answers new requests; the
	// others keep their connections until it is their turn again.
	replicas []*informerReplica
	clients  []mirror
}

type informerReplica struct {
	*feed.Late
	answer func()
}

// mirror is a client that mirrors what a user sees.
type mirror interface {
	fmt.Stringer
	// who returns the user, the resource and the selector of the client.
	who() informerTarget
	// names returns what the client knows, in alphabetical order.
	names() []string
	// history returns the events since the client's last list.
	history() []string
	// wrong returns the errors that the client has noticed on the way.
	wrong() error
}

type informerTarget struct {
	client   string
	user     user.Info
	resource string
	selector labels.Selector
}

func runInformers(t *testing.T, seed uint64) {
	random := worlds.New(seed)
	m := &informerModel{
		t: t, server: newWatchServer(t), history: feed.NewHistory(random), policy: random.Policy(), rbac: &rbac{},
		random: rand.New(rand.NewPCG(seed, 3)),
	}
	for range 40 {
		m.history.Happen()
	}
	m.replicas = []*informerReplica{m.start(), m.start()}
	m.replicas[0].answer()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); m.server.CloseClientConnections(); running.Wait() })
	m.connect(ctx, &running)
	for round := range informerRounds {
		for range informerSteps {
			m.step()
			time.Sleep(time.Duration(m.random.IntN(3)) * time.Millisecond) // clients act in between
		}
		for _, r := range m.replicas {
			r.CatchUp()
		}
		if !m.compare(round) {
			return
		}
	}
}

func (m *informerModel) start() *informerReplica {
	r := &informerReplica{Late: feed.NewLate(feed.New(m.policy), m.history)}
	r.Start()
	config := registry.Config{
		Viewers: r.Cluster, Synced: func() bool { return true }, ServerID: registry.ServerID(1 + m.random.Uint32N(999_999)), ReviewInterval: 20 * time.Millisecond,
	}
	if m.policy.NativeRBAC == grants.NativeRBACUnion {
		config.Reviews = m.rbac
	}
	handler := newWatchHandler(m.t, r.Feed, config)
	r.answer = func() { m.server.answerBy(handler) }
	return r
}

func (m *informerModel) connect(ctx context.Context, running *sync.WaitGroup) {
	selectors := []string{"", "", "env=a", "pool!=b"}
	all := slices.Concat(reference.Resources(), []string{"namespaces", "namespaces", "persistentvolumes"})
	for i, resource := range all {
		for j := range 3 {
			selector, err := labels.Parse(selectors[m.random.IntN(len(selectors))])
			if err != nil {
				m.t.Fatal(err)
			}
			u := worlds.Users()[m.random.IntN(len(worlds.Users()))]
			to := informerTarget{fmt.Sprintf("client-%d-%d", i, j), u, resource, selector}
			config := m.server.config(u)
			switch (i + j) % 6 {
			case 2, 5:
				m.clients = append(m.clients, newRaw(ctx, running, to, metadata.NewForConfigOrDie(config), rand.New(rand.NewPCG(uint64(i), uint64(j)))))
			case 3:
				m.clients = append(m.clients, newTabled(ctx, running, to, config))
			default:
				m.clients = append(m.clients, newReflected(ctx, running, to, dynamic.NewForConfigOrDie(config)))
			}
		}
	}
}

func (m *informerModel) step() {
	r := m.replicas[m.random.IntN(len(m.replicas))]
	resource := r.Resources()[m.random.IntN(len(r.Resources()))]
	switch n := m.random.IntN(100); {
	case n < 45:
		m.history.Happen()
	case n < 80:
		if behind := r.Behind(); len(behind) > 0 {
			r.Deliver(behind[0], 1+m.random.IntN(4))
		}
	case n < 84:
		r.Relist(resource)
	case n < 89:
		r.Bookmark(resource)
	case n < 95:
		who := worlds.Users()[m.random.IntN(len(worlds.Users()))].GetName()
		resource := reference.Resources()[m.random.IntN(len(reference.Resources()))]
		m.rbac.set(who, resource, !m.rbac.isAllowed(who, resource))
	case n < 96:
		m.server.CloseClientConnections()
	default:
		if n == 99 {
			m.replicas = append(m.replicas, m.start())
		}
		m.replicas[m.random.IntN(len(m.replicas))].answer()
		if m.random.IntN(2) == 0 {
			m.server.CloseClientConnections()
		}
	}
}

// compare waits until all clients know exactly what their users may see.
func (m *informerModel) compare(round int) bool {
	filter := &reference.Filter{World: m.history.World, Policy: m.policy, Native: func(u user.Info, verb, resource, _ string) bool {
		return verb == "list" && m.rbac.isAllowed(u.GetName(), resource)
	}}
	for _, c := range m.clients {
		to := c.who()
		want := []string{}
		for _, name := range filter.Names(to.user, reference.List, to.resource) {
			if to.selector.Matches(labels.Set(m.history.World.Object(reference.Ref{Resource: to.resource, Name: name}).GetLabels())) {
				want = append(want, name)
			}
		}
		eventually(m.t, func() error {
			if diff := cmp.Diff(want, c.names()); diff != "" {
				return fmt.Errorf("round %d, %v (-naive filter +client):\n%s\nafter %q\n%+v", round, c, diff, c.history(), m.policy)
			}
			return nil
		})
		if err := c.wrong(); err != nil {
			m.t.Errorf("round %d, %v: %v", round, c, err)
		}
	}
	return !m.t.Failed()
}

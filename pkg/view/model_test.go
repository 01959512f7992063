// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/view"
)

// modelRunsVariable is the environment variable with the number of random runs.
const modelRunsVariable = "TENANTVIEW_TEST_MODELS"

// Whatever happens, every client that lists and watches ends up with what its user may see, and gets
// no wrong events on the way. The model has many sources that lag independently, two servers between
// which clients switch, servers that restart, and clients that are slow, are disconnected, and resume
// wherever they may.
func TestModel(t *testing.T) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	t.Cleanup(func() { klog.LogToStderr(true) })
	var total modelCounts
	for _, seed := range worlds.Seeds(t, modelRunsVariable, 30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Logf("replay with %s=%d", worlds.SeedVariable, seed)
			runModel(t, seed, &total)
		})
	}
	t.Logf("%+v", total)
	if os.Getenv(worlds.SeedVariable) != "" {
		return
	}
	counts := reflect.ValueOf(total)
	for i := range counts.NumField() {
		if counts.Field(i).IsZero() {
			t.Errorf("%s is 0: the runs have not covered it", counts.Type().Field(i).Name)
		}
	}
}

const (
	modelSteps   = 400
	modelQuiet   = 50 // steps between two moments of quiet
	modelClients = 20
)

// model is a run.
type model struct {
	store    *modelStore
	random   *rand.Rand
	users    []user.Info
	replicas []*modelReplica
	clients  []*modelClient
}

func runModel(t *testing.T, seed uint64, counts *modelCounts) {
	t.Helper()
	m := newModel(seed, counts)
	for step := range modelSteps {
		if err := m.step(); err != nil {
			m.fail(t, err)
			return
		}
		if step%modelQuiet == modelQuiet-1 {
			if err := m.quiet(); err != nil {
				m.fail(t, err)
				return
			}
		}
	}
	for _, c := range m.clients {
		c.cut()
	}
	for _, r := range m.replicas {
		for _, resource := range reference.Resources() {
			got := r.View(resource).Footprint()
			want := view.Footprint{Postings: got.Postings, Terms: got.Terms}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what %s keep for watches when there are none (-want +got):\n%s", resource, diff)
			}
		}
	}
}

func newModel(seed uint64, counts *modelCounts) *model {
	m := &model{store: newModelStore(seed), random: rand.New(rand.NewPCG(seed, 2))}
	// Use few users and resources, so that clients share audiences and postings.
	for _, i := range m.random.Perm(len(worlds.Users()))[:3] {
		m.users = append(m.users, worlds.Users()[i])
	}
	resources := []string{"namespaces"}
	for _, i := range m.random.Perm(len(reference.Resources()))[:2] {
		resources = append(resources, reference.Resources()[i])
	}
	for range 30 {
		m.store.Happen()
	}
	for range 2 {
		m.replicas = append(m.replicas, m.start())
	}
	selectors := []string{"", "", "", "env=a", "pool!=b", "env in (a,b),pool"}
	for i := range modelClients {
		selector, err := labels.Parse(selectors[m.random.IntN(len(selectors))])
		if err != nil {
			panic(err)
		}
		c := &modelClient{
			user: m.users[m.random.IntN(len(m.users))], resource: resources[m.random.IntN(len(resources))], selector: selector,
			bookmarks: m.random.IntN(4) > 0, remembers: m.random.IntN(4) == 0, receives: m.random.IntN(2) == 0,
			random: m.random, replica: m.replicas[m.random.IntN(2)], modelCounts: counts,
		}
		c.name = fmt.Sprintf("client %d (%s, %s, %q)", i, modelKey(c.user), c.resource, selector)
		m.clients = append(m.clients, c)
	}
	return m
}

// start starts a process. Its limits are low, so that runs exceed them.
func (m *model) start() *modelReplica {
	r := newModelReplica(m.store, m.users)
	r.View("namespaces").SetBounds(m.random.IntN(6), 4+m.random.IntN(30))
	return r
}

func (m *model) replica() *modelReplica { return m.replicas[m.random.IntN(len(m.replicas))] }

func (m *model) client() *modelClient { return m.clients[m.random.IntN(len(m.clients))] }

// step changes something in the cluster, and then in some clients.
func (m *model) step() error {
	switch n := m.random.IntN(200); {
	case n < 80:
		m.store.Happen()
	case n < 160:
		if r := m.replica(); len(r.Behind()) > 0 {
			r.Deliver(r.Behind()[0], 1+m.random.IntN(4))
		}
	case n < 166:
		r := m.replica()
		r.Relist(r.Resources()[m.random.IntN(len(r.Resources()))])
	case n < 180:
		r := m.replica()
		r.Bookmark(r.Resources()[m.random.IntN(len(r.Resources()))])
	case n < 199:
		m.changeNative()
	default:
		m.restart()
	}
	for _, c := range m.clients {
		if err := c.hearHanded(); err != nil {
			return err
		}
	}
	for range 6 {
		c := m.client()
		if err := errors.Join(c.step(m), c.hearHanded()); err != nil {
			return err
		}
	}
	return nil
}

func (c *modelClient) step(m *model) error {
	switch n := m.random.IntN(100); {
	case n < 50:
		return c.take(1 + m.random.IntN(4))
	case n < 60:
		c.cut()
	case n < 85:
		c.connect()
	case n < 92:
		c.look()
	case n < 97:
		if c.stream != nil {
			c.stream.Bookmark()
		}
	default:
		c.cut()
		c.replica = m.replica()
		c.connect()
	}
	return nil
}

// changeNative changes which user RBAC allows to list a resource.
func (m *model) changeNative() {
	c := m.client()
	key := c.user.GetName() + " " + c.resource
	m.store.native[key] = !m.store.native[key]
}

// restart replaces a process by a new one.
func (m *model) restart() {
	i := m.random.IntN(len(m.replicas))
	old := m.replicas[i]
	m.replicas[i] = m.start()
	for _, c := range m.clients {
		if c.replica == old {
			c.cut()
			c.replica = m.replicas[i]
		}
	}
}

// quiet delivers everything to all clients, and compares the results.
func (m *model) quiet() error {
	for _, r := range m.replicas {
		r.CatchUp()
	}
	for _, c := range m.clients {
		if err := c.hearHanded(); err != nil {
			return err
		}
		c.look()
		if err := errors.Join(c.hearHanded(), c.settle()); err != nil {
			return err
		}
	}
	for _, c := range m.clients {
		if err := m.compare(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *model) compare(c *modelClient) error {
	type object struct {
		Version   uint64
		Partition string
	}
	mirrored, listed, want := map[string]object{}, map[string]object{}, map[string]object{}
	for name, e := range c.mirror {
		mirrored[name] = object{e.Version, e.Partition}
	}
	entries, _ := c.view().List(c.replica.viewer(c.user, c.resource))
	for _, e := range entries {
		if c.selects(&e.Attributes) {
			listed[e.Name] = object{e.Version, e.Partition}
			if known := c.mirror[e.Name]; known != nil && known.Revision < e.Revision {
				return fmt.Errorf("%s knows %s as of revision %d, not %d", c.name, e.Name, known.Revision, e.Revision)
			}
		}
	}
	for _, name := range m.store.filter().Names(c.user, reference.List, c.resource) {
		if o := m.store.World.Object(reference.Ref{Resource: c.resource, Name: name}); c.selector.Matches(labels.Set(o.GetLabels())) {
			want[name] = listed[name]
		}
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		return fmt.Errorf("%s: list (-naive filter +engine):\n%s", c.name, diff)
	}
	if diff := cmp.Diff(listed, mirrored); diff != "" {
		return fmt.Errorf("%s: mirror (-list +mirror):\n%s", c.name, diff)
	}
	return nil
}

func (m *model) fail(t *testing.T, err error) {
	t.Helper()
	t.Error(err)
	for _, c := range m.clients {
		if strings.Contains(err.Error(), c.name) {
			t.Logf("%s:\n%s", c.name, strings.Join(c.log, "\n"))
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package measure measures a running control plane: lists, the processor time and memory of the server, its
// start, and its events. What is compared alternates in one run, because other work of the machine then slows
// down both.
package measure

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/hack/bench/cluster"
	"capsule.dev/tenantview/hack/bench/world"
)

// Bench measures one cluster.
type Bench struct {
	*cluster.Cluster
	// Random shuffles the order of measurements.
	Random *rand.Rand
	// Scale is how often everything is measured, compared with the usual.
	Scale float64

	clients map[string]*client
}

// New returns a Bench without measurements.
func New(c *cluster.Cluster, seed uint64, scale float64) *Bench {
	return &Bench{Cluster: c, Random: rand.New(rand.NewPCG(seed, 0)), Scale: scale, clients: make(map[string]*client)}
}

// notef tells the user what happens.
func notef(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// scaled returns a number of rounds or turns, at least 1.
func (b *Bench) scaled(n int) int { return max(1, int(float64(n)*b.Scale)) }

// user is who sends requests.
type user struct {
	name   string
	groups []string
}

var (
	admin  = user{name: "bench-admin", groups: []string{"system:masters"}}
	nobody = user{name: "nobody"}
	// robot is the ServiceAccount that owns world.TenantOf10.
	robot = user{name: "the ServiceAccount " + world.RobotName}
)

// config returns a configuration with credentials of its own, hence with connections of its own.
func (b *Bench) config(ctx context.Context, u user) (*rest.Config, error) {
	if u.name == robot.name {
		return b.ServiceAccountConfig(ctx, world.RobotNamespace, world.RobotName)
	}
	return b.UserConfig(u.name, u.groups...)
}

// client returns a client of a user, the same for each call.
func (b *Bench) client(ctx context.Context, u user) (*client, error) {
	key := fmt.Sprintf("%q", u)
	if c, ok := b.clients[key]; ok {
		return c, nil
	}
	config, err := b.config(ctx, u)
	if err != nil {
		return nil, err
	}
	c, err := newClient(config)
	if err == nil {
		b.clients[key] = c
	}
	return c, err
}

// StartServer starts the server, or restarts it if it has other flags. It serves /debug/pprof, with which the
// benchmark makes it collect garbage.
func (b *Bench) StartServer(ctx context.Context, flags ...string) error {
	_, err := b.Cluster.StartServer(ctx, append([]string{"--profiling"}, flags...)...)
	return err
}

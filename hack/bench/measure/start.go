// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/hack/bench/proc"
	"capsule.dev/tenantview/hack/bench/result"
)

// Names of starts.
const (
	// WithoutRoleBindings is a server with --role-binding-namespaces=Off.
	WithoutRoleBindings = "RoleBindings off"
	// Default is a server without flags.
	Default = "default"
)

const (
	// startTurns is how often each server is started.
	startTurns = 3
	// idle is how long a server has nothing to do before its memory is read. It returns by itself what it does not
	// need, soon after it has read everything.
	idle = 20 * time.Second
	// readyInterval is the time between two questions whether the server is ready.
	readyInterval = 10 * time.Millisecond
	// readyTimeout bounds the time until the server is ready.
	readyTimeout = 90 * time.Second
)

// flags are the flags of the server by the name of a start.
var flags = map[string][]string{
	WithoutRoleBindings: {"--role-binding-namespaces=Off"},
	Default:             nil,
}

// start is one configuration of the server.
type start struct {
	name  string
	ready []float64
	// resident and peak are the memory after each start.
	resident, peak []float64
}

// Starts starts the server several times in each of the configurations with these names. It returns the
// medians, and the memory after the last start of each.
func (b *Bench) Starts(ctx context.Context, names ...string) ([]result.Start, []result.Sample, error) {
	var all []*start
	for _, name := range names {
		all = append(all, &start{name: name})
	}
	samples := make(map[*start]result.Sample)
	for turn := range b.scaled(startTurns) {
		for _, s := range all {
			notef("starts: turn %d of %d, %s", turn+1, b.scaled(startTurns), s.name)
			sample, err := b.start(ctx, s)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", s.name, err)
			}
			samples[s] = sample
		}
	}
	var results []result.Start
	var memory []result.Sample
	for _, s := range all {
		results = append(results, result.Start{
			Name: s.name, RoleBindings: b.World.RoleBindings, ReadySeconds: median(s.ready),
			ResidentBytes: uint64(median(s.resident)), PeakBytes: uint64(median(s.peak)),
		})
		memory = append(memory, samples[s])
	}
	return results, memory, nil
}

// start starts a server, waits until it has settled, and reads its memory.
func (b *Bench) start(ctx context.Context, s *start) (result.Sample, error) {
	if err := b.StopComponent(ctx, controlplane.Server); err != nil {
		return result.Sample{}, err
	}
	ready, err := b.ready(ctx, flags[s.name])
	if err != nil {
		return result.Sample{}, err
	}
	s.ready = append(s.ready, ready.Seconds())
	if err := b.settle(ctx); err != nil {
		return result.Sample{}, err
	}
	resident, peak, err := b.memory()
	if err != nil {
		return result.Sample{}, err
	}
	s.resident, s.peak = append(s.resident, float64(resident)), append(s.peak, float64(peak))
	return b.Sample(ctx, fmt.Sprintf("ready and idle, %s, %d RoleBindings per namespace", s.name, b.World.RoleBindings))
}

// settle waits until an idle server has returned the memory that it does not need.
func (b *Bench) settle(ctx context.Context) error {
	return sleep(ctx, idle)
}

// ready starts the server and returns the age of its process when it first answers that it is ready.
func (b *Bench) ready(ctx context.Context, flags []string) (time.Duration, error) {
	config := b.DirectConfig(b.AdminConfig())
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return 0, err
	}
	// It returns later than the server is ready: when kube-apiserver has noticed.
	var starting errgroup.Group
	starting.Go(func() error { return b.StartServer(ctx, flags...) })
	age, err := b.ageWhenReady(ctx, client, config.Host)
	return age, errors.Join(starting.Wait(), err)
}

// ageWhenReady asks a server that is being started until it is ready, and returns the age of its process.
func (b *Bench) ageWhenReady(ctx context.Context, client *http.Client, host string) (time.Duration, error) {
	for start := time.Now(); time.Since(start) < readyTimeout; {
		if isReady(ctx, client, host) {
			pid, err := b.PID(controlplane.Server)
			if err != nil {
				return 0, err
			}
			return proc.Age(pid)
		}
		if err := sleep(ctx, readyInterval); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("the server was not ready after %v", readyTimeout)
}

func isReady(ctx context.Context, client *http.Client, host string) bool {
	body, err := get(ctx, client, host+"/readyz")
	return err == nil && string(body) == "ok"
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"time"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/hack/bench/proc"
	"capsule.dev/tenantview/hack/bench/result"
)

const (
	// cpuTurns is how often each case has a block of requests. All blocks of a case together should make a
	// large server collect garbage more than once, because requests cause that.
	cpuTurns = 8
	// idleTime is how long the programs are left alone in each turn, to see what they use without requests.
	idleTime = 2 * time.Second
)

// usage is the processor time of both programs, and the time in which they used it.
type usage struct{ server, apiServer, took time.Duration }

func (u *usage) add(other usage) {
	u.server += other.server
	u.apiServer += other.apiServer
	u.took += other.took
}

// without returns the usage that is due to requests, if the programs used idle without any.
func (u usage) without(idle usage) usage {
	if idle.took > 0 {
		share := float64(u.took) / float64(idle.took)
		u.server -= time.Duration(float64(idle.server) * share)
		u.apiServer -= time.Duration(float64(idle.apiServer) * share)
	}
	return u
}

// cpu measures the processor time of requests in both programs. Blocks of one case alternate with blocks of
// others and with pauses.
func (b *Bench) cpu(ctx context.Context, all []*series, results []result.Request) error {
	buffer := make([]byte, bufferBytes)
	used, counts := make([]usage, len(all)), make([]int, len(all))
	var idle usage
	for turn := range b.scaled(cpuTurns) {
		notef("processor time: turn %d of %d", turn+1, b.scaled(cpuTurns))
		pause, err := b.used(func() error { return sleep(ctx, idleTime) })
		if err != nil {
			return err
		}
		idle.add(pause)
		for _, i := range b.Random.Perm(len(all)) {
			s := all[i]
			if s.cpu == 0 {
				continue
			}
			block, err := b.used(func() error {
				for range s.cpu {
					if _, _, err := s.client.get(ctx, s.path, accept[s.format], buffer); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			used[i].add(block)
			counts[i] += s.cpu
		}
	}
	for i := range results {
		if counts[i] == 0 {
			continue
		}
		u := used[i].without(idle)
		// A program with no part in a request may seem to have used less than nothing.
		results[i].ServerCPUMicros = max(0, micros(u.server)/float64(counts[i]))
		results[i].APIServerCPUMicros = max(0, micros(u.apiServer)/float64(counts[i]))
	}
	return nil
}

// used returns what both programs use while a function runs.
func (b *Bench) used(run func() error) (usage, error) {
	start := time.Now()
	before, err := b.usage()
	if err != nil {
		return usage{}, err
	}
	if err := run(); err != nil {
		return usage{}, err
	}
	after, err := b.usage()
	return usage{after.server - before.server, after.apiServer - before.apiServer, time.Since(start)}, err
}

func (b *Bench) usage() (usage, error) {
	var u usage
	for _, p := range []struct {
		component controlplane.Component
		into      *time.Duration
	}{{controlplane.Server, &u.server}, {controlplane.APIServer, &u.apiServer}} {
		pid, err := b.PID(p.component)
		if err != nil {
			return u, err
		}
		if *p.into, err = proc.CPU(pid); err != nil {
			return u, err
		}
	}
	return u, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"capsule.dev/tenantview/hack/bench/result"
)

const (
	// loadTurns is how often each combination of a case and a number of clients has its turn.
	loadTurns = 3
	// loadTime bounds one turn. All clients end their last request.
	loadTime = 2 * time.Second
)

// load is a case that several clients request at the same time.
type load struct {
	*series
	clients []*client
	times   []time.Duration
	took    time.Duration
}

// loads measures the cases that have numbers of clients. Each client has connections of its own.
func (b *Bench) loads(ctx context.Context, all []*series) ([]result.Request, error) {
	var loads []*load
	for _, s := range all {
		for _, n := range s.clients {
			l := &load{series: s}
			for range n {
				config, err := b.config(ctx, s.user)
				if err != nil {
					return nil, err
				}
				c, err := newClient(config)
				if err != nil {
					return nil, err
				}
				l.clients = append(l.clients, c)
			}
			loads = append(loads, l)
		}
	}
	if err := b.loadTurns(ctx, loads); err != nil {
		return nil, err
	}
	var results []result.Request
	for _, l := range loads {
		r := result.Request{
			Name: l.name, Server: l.server, Format: l.format, Clients: len(l.clients), Items: l.items, Bytes: l.bytes, Count: len(l.times),
			PerSecond:    float64(len(l.times)) / l.took.Seconds(),
			MedianMicros: percentile(l.times, 50), P99Micros: percentile(l.times, 99),
		}
		results = append(results, r)
	}
	return results, nil
}

func (b *Bench) loadTurns(ctx context.Context, loads []*load) error {
	for turn := range b.scaled(loadTurns) {
		notef("lists by several clients: turn %d of %d", turn+1, b.scaled(loadTurns))
		for _, i := range b.Random.Perm(len(loads)) {
			if turn == 0 {
				if err := loads[i].warmUp(ctx); err != nil {
					return err
				}
			}
			if err := loads[i].turn(ctx); err != nil {
				return fmt.Errorf("%d clients: %w", len(loads[i].clients), err)
			}
		}
	}
	return nil
}

// warmUp opens the connections of all clients.
func (l *load) warmUp(ctx context.Context) error {
	buffer := make([]byte, bufferBytes)
	for _, c := range l.clients {
		if _, _, err := c.get(ctx, l.path, accept[l.format], buffer); err != nil {
			return err
		}
	}
	return nil
}

// turn lets all clients send requests, one after another each, until the time is up.
func (l *load) turn(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	times := make([][]time.Duration, len(l.clients))
	start := time.Now()
	for i, c := range l.clients {
		group.Go(func() error {
			buffer := make([]byte, bufferBytes)
			for time.Since(start) < loadTime {
				took, bytes, err := c.get(ctx, l.path, accept[l.format], buffer)
				if err != nil {
					return err
				}
				if !near(bytes, l.bytes) {
					return fmt.Errorf("%s: the answer has %d bytes, earlier ones have %d", l.key(), bytes, l.bytes)
				}
				times[i] = append(times[i], took)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	l.took += time.Since(start)
	for _, t := range times {
		l.times = append(l.times, t...)
	}
	return nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"capsule.dev/tenantview/hack/bench/result"
	"capsule.dev/tenantview/hack/bench/world"
)

const (
	// watchesOfTenant is the number of watches of the namespaces of one Tenant. Each write is told to as many.
	watchesOfTenant = 10
	// eventTurns is how often each server has its turn.
	eventTurns = 2
	// eventTime is the duration of the writes of one turn.
	eventTime = 15 * time.Second
	// sustained is the part of the intended rate that counts as reached.
	sustained = 0.95
	// lowRate is the number of writes per second if kube-apiserver's own watch cannot keep up with more.
	lowRate = 25
)

// watched is one of the two servers whose watches are compared.
type watched struct {
	name string
	// user and path say who watches the namespaces of a Tenant, and where.
	user func(tenant int) user
	path func(tenant int) string

	latencies  []time.Duration
	terminated int
	// writes were made in took.
	writes int
	took   time.Duration
}

// result returns the latencies of all turns.
func (s *watched) result(watches int) result.Latency {
	return result.Latency{
		Name: s.name, Watches: watches, WritesPerSecond: s.rate(), Count: len(s.latencies), Terminated: s.terminated,
		P50Micros: percentile(s.latencies, 50), P90Micros: percentile(s.latencies, 90), P99Micros: percentile(s.latencies, 99),
	}
}

// rate returns the reached number of writes per second.
func (s *watched) rate() float64 { return float64(s.writes) / s.took.Seconds() }

// CheckWatches returns an error unless Events can measure this number of watches. The Tenants that lists are
// measured of have none, because writes change the size of their objects.
func CheckWatches(w *world.World, watches int) error {
	// The last two Tenants of 10 are for lists.
	if most := watchesOfTenant * (w.TenantOf10() - 1); watches < watchesOfTenant || watches > most || watches%watchesOfTenant != 0 {
		return fmt.Errorf("%d: must be a multiple of %d, and from %d to %d", watches, watchesOfTenant, watchesOfTenant, most)
	}
	return nil
}

// Events measures the time from a write to its events, with this number of watches and of writes per second.
// Watches of kube-apiserver itself, of the same objects by a label selector, alternate with ours. If
// kube-apiserver cannot reach the rate with its watches, both are also measured with a lower one.
func (b *Bench) Events(ctx context.Context, watches, rate int) ([]result.Latency, error) {
	results, err := b.eventsAt(ctx, watches, rate)
	if err != nil {
		return nil, err
	}
	if rate > lowRate && results[0].WritesPerSecond < sustained*float64(rate) {
		notef("events: kube-apiserver takes only %.0f writes per second with %d watches of its own", results[0].WritesPerSecond, watches)
		lower, err := b.eventsAt(ctx, watches, lowRate)
		return append(results, lower...), err
	}
	return results, nil
}

// eventsAt returns what was measured of kube-apiserver, then of the server, with one rate.
func (b *Bench) eventsAt(ctx context.Context, watches, rate int) ([]result.Latency, error) {
	w := b.World
	both := []*watched{
		{
			name: plain,
			// A user of its own for each Tenant, because connections are not shared between users.
			user: func(tenant int) user { return user{fmt.Sprintf("%s-%d", admin.name, tenant), admin.groups} },
			path: func(tenant int) string {
				return namespacesPath + "?labelSelector=" + url.QueryEscape("capsule.clastix.io/tenant="+w.TenantName(tenant))
			},
		},
		{
			name: ours,
			user: func(tenant int) user { return user{name: w.Owner(tenant)} },
			path: func(int) string { return ourNamespaces + "?" },
		},
	}
	for turn := range b.scaled(eventTurns) {
		for i := range both {
			s := both[(turn+i)%len(both)] // each is the first in every other turn
			notef("events: turn %d of %d, %d watches, %d writes per second, %s", turn+1, b.scaled(eventTurns), watches, rate, s.name)
			if err := b.eventTurn(ctx, s, watches, rate); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	var results []result.Latency
	for _, s := range both {
		results = append(results, s.result(watches))
	}
	return results, nil
}

// eventTurn opens all watches of a server, writes, and ends the watches.
func (b *Bench) eventTurn(ctx context.Context, s *watched, watches, rate int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	writes := newWrites(int(eventTime.Seconds() * float64(rate)))
	opened := time.Now()
	all, err := b.openWatches(ctx, s, watches/watchesOfTenant, writes)
	if err != nil {
		return err
	}
	notef("events: %d watches opened in %v", watches, time.Since(opened).Round(100*time.Millisecond))
	took, err := b.write(ctx, writes, watches/watchesOfTenant, rate)
	if err != nil {
		return err
	}
	s.writes += len(writes.sent)
	s.took += took
	return all.collect(ctx, cancel, s, len(writes.sent)*watchesOfTenant)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"capsule.dev/tenantview/hack/bench/result"
)

// rounds is the usual number of rounds: most cases are requested once in each.
const rounds = 300

// warmups is the number of requests before the measurement. They open connections and fill caches.
const warmups = 3

// bufferBytes is the size of the buffer that bodies are read into.
const bufferBytes = 256 << 10

// series are the measured requests of one case.
type series struct {
	request
	client *client
	bytes  int
	times  []time.Duration
}

func (s *series) once(ctx context.Context, buffer []byte) error {
	took, bytes, err := s.client.get(ctx, s.path, accept[s.format], buffer)
	if err != nil {
		return fmt.Errorf("%s: %w", s.key(), err)
	}
	if s.bytes == 0 {
		s.bytes = bytes
	}
	if !near(bytes, s.bytes) {
		return fmt.Errorf("%s: the answer has %d bytes, earlier ones have %d", s.key(), bytes, s.bytes)
	}
	s.times = append(s.times, took)
	return nil
}

// result returns what was measured by one client.
func (s *series) result() result.Request {
	r := result.Request{
		Name: s.name, Server: s.server, Format: s.format, Clients: 1, Items: s.items, Bytes: s.bytes, Count: len(s.times),
		MedianMicros: percentile(s.times, 50), P99Micros: percentile(s.times, 99),
	}
	if total := sum(s.times); total > 0 {
		r.PerSecond = float64(len(s.times)) / total.Seconds()
	}
	return r
}

// Lists measures all cases with one client, then some with more, and the processor time of some.
func (b *Bench) Lists(ctx context.Context) ([]result.Request, error) {
	all, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.interleave(ctx, all); err != nil {
		return nil, err
	}
	results := make([]result.Request, len(all))
	for i, s := range all {
		results[i] = s.result()
	}
	if err := b.cpu(ctx, all, results); err != nil {
		return nil, err
	}
	loads, err := b.loads(ctx, all)
	return append(results, loads...), err
}

// prepare checks the answer of each case once, and warms up.
func (b *Bench) prepare(ctx context.Context) ([]*series, error) {
	buffer := make([]byte, bufferBytes)
	var all []*series
	for _, r := range requests(b.World) {
		c, err := b.client(ctx, r.user)
		if err != nil {
			return nil, err
		}
		if r.name == changedCase { // so that it has the size that it has later
			if err := b.changeListed(ctx, 0); err != nil {
				return nil, err
			}
		}
		if err := c.check(ctx, &r); err != nil {
			return nil, err
		}
		s := &series{request: r, client: c}
		for range min(warmups, rounds/r.every) {
			if err := s.once(ctx, buffer); err != nil {
				return nil, err
			}
		}
		s.times = nil
		all = append(all, s)
	}
	return all, nil
}

// interleave requests the cases in rounds, in each round in another order.
func (b *Bench) interleave(ctx context.Context, all []*series) error {
	buffer := make([]byte, bufferBytes)
	total := b.scaled(rounds)
	start := time.Now()
	for round := range total {
		for _, i := range b.Random.Perm(len(all)) {
			if s := all[i]; round%s.every == 0 {
				if s.name == changedCase {
					if err := b.changeListed(ctx, round); err != nil {
						return err
					}
				}
				if err := s.once(ctx, buffer); err != nil {
					return err
				}
			}
		}
		if (round+1)%max(1, total/5) == 0 {
			notef("lists: %d of %d rounds after %v", round+1, total, time.Since(start).Round(time.Second))
		}
	}
	return nil
}

// untilSeen is the time after which a server has seen a write, usually.
const untilSeen = 100 * time.Millisecond

// changeListed changes the namespaces of the changed case. The server has remembered nothing of them then.
func (b *Bench) changeListed(ctx context.Context, round int) error {
	config, err := b.config(ctx, admin)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	namespace, n := b.World.NamespacesOf(b.World.TenantOf10() - 1)
	for i := range n {
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"%06d"}}}`, mark, round)
		if _, err := client.CoreV1().Namespaces().Patch(ctx, b.World.NamespaceName(namespace+i), types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("changing what is listed: %w", err)
		}
	}
	return sleep(ctx, untilSeen)
}

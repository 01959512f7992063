// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

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
	// starts is how often each server is started.
	startTurns = 3
	// settleTime is how long a server is idle before its memory is read.
	settleTime = 20 * time.Second
	// readyInterval is the time between two questions whether the server is ready.
	readyInterval = 10 * time.Millisecond
	// readyTimeout bounds the time until the server is ready.
	readyTimeout = 90 * time.Second
)

// start is one configuration of the server.
type start struct {
	name  string
	flags []string
	ready []float64
	// resident and peak are the memory after the last start.
	resident, peak []float64
}

// Starts starts the server several times, with and without RoleBindings, and returns the medians, and the
// memory after the last start of each.
func (b *Bench) Starts(ctx context.Context) ([]result.Start, []result.Sample, error) {
	all := []*start{
		{name: WithoutRoleBindings, flags: []string{"--role-binding-namespaces=Off"}},
		{name: Default},
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
	ready, err := b.ready(ctx, s.flags)
	if err != nil {
		return result.Sample{}, err
	}
	s.ready = append(s.ready, ready.Seconds())
	if err := sleep(ctx, settleTime); err != nil {
		return result.Sample{}, err
	}
	resident, peak, err := b.memory()
	if err != nil {
		return result.Sample{}, err
	}
	s.resident, s.peak = append(s.resident, float64(resident)), append(s.peak, float64(peak))
	return b.Sample(ctx, "ready and idle, "+s.name)
}

// ready starts the server and returns the age of its process when it first answers that it is ready.
func (b *Bench) ready(ctx context.Context, flags []string) (time.Duration, error) {
	config := b.DirectConfig(b.AdminConfig())
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return 0, err
	}
	started := make(chan error, 1)
	// It returns later than the server is ready: when kube-apiserver has noticed.
	go func() {
		_, err := b.StartServer(ctx, flags...)
		started <- err
	}()
	var age time.Duration
	deadline := time.Now().Add(readyTimeout)
	for age == 0 && time.Now().Before(deadline) && ctx.Err() == nil {
		if isReady(ctx, client, config.Host) {
			pid, err := b.PID(controlplane.Server)
			if err != nil {
				return 0, err
			}
			if age, err = proc.Age(pid); err != nil {
				return 0, err
			}
		} else if err := sleep(ctx, readyInterval); err != nil {
			break
		}
	}
	if err := <-started; err != nil {
		return 0, err
	}
	if age == 0 {
		return 0, fmt.Errorf("the server was not ready after %v", readyTimeout)
	}
	return age, nil
}

func isReady(ctx context.Context, client *http.Client, host string) bool {
	body, err := get(ctx, client, host+"/readyz")
	return err == nil && string(body) == "ok"
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.1000s", url, response.Status, body)
	}
	return body, err
}

// heapMetric is the metric of the Go runtime for the bytes of the heap in use.
const heapMetric = "go_memstats_heap_inuse_bytes "

// Sample reads the memory of the server now.
func (b *Bench) Sample(ctx context.Context, when string) (result.Sample, error) {
	s := result.Sample{When: when}
	var err error
	if s.ResidentBytes, _, err = b.memory(); err != nil {
		return s, err
	}
	config := b.DirectConfig(b.AdminConfig())
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return s, err
	}
	metrics, err := get(ctx, client, config.Host+"/metrics")
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(metrics)) {
		if value, ok := strings.CutPrefix(line, heapMetric); ok {
			heap, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			s.HeapBytes = uint64(heap)
			return s, err
		}
	}
	return s, fmt.Errorf("the server has no metric %s", strings.TrimSpace(heapMetric))
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package engine measures the engine of a server alone: its sources, its cluster, and the registry without HTTP. It
// measures the process that it runs in, so each measurement needs a process of its own.
package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/hack/bench/proc"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/internal/cputime"
	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/source"
	"capsule.dev/tenantview/pkg/tenancy"
)

// Config says what to measure.
type Config struct {
	Shape shape.Shape `json:"shape"`
	// Changes is how many changes of each kind to measure, and Lists how many lists. 0 measures none.
	Changes int `json:"changes"`
	Lists   int `json:"lists"`
	// Watches is how many watches to open at the end.
	Watches int `json:"watches"`
	// MemoryLimit is the value of GOMEMLIMIT in bytes. 0 is none.
	MemoryLimit int64 `json:"memoryLimit,omitempty"`
}

// Measured is what a run has measured.
type Measured struct {
	// Load is the time from the first connection until all sources have been read.
	LoadSeconds    float64 `json:"loadSeconds"`
	LoadCPUSeconds float64 `json:"loadCPUSeconds"`
	// PeakBytes is the largest resident memory until then.
	PeakBytes uint64 `json:"peakBytes"`
	Memory    Memory `json:"memory"`
	// Changes and Lists are the processor time of one of them.
	Changes []Cost `json:"changes,omitempty"`
	Lists   []Cost `json:"lists,omitempty"`
	// BeforeWatches is Memory after the lists, and WatchMemory with the watches.
	BeforeWatches *Memory `json:"beforeWatches,omitempty"`
	WatchMemory   *Memory `json:"watchMemory,omitempty"`
}

// Memory is the memory of an idle process.
type Memory struct {
	// HeapBytes are the live objects.
	HeapBytes  uint64 `json:"heapBytes"`
	StackBytes uint64 `json:"stackBytes"`
	// ResidentBytes is all that the process occupies. AnonymousBytes is the part that is not of files.
	ResidentBytes  uint64 `json:"residentBytes"`
	AnonymousBytes uint64 `json:"anonymousBytes"`
	Goroutines     int    `json:"goroutines"`
}

// Cost is the cost of one operation.
type Cost struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
	// CPUMicros is the processor time of one. GCMicros is its share of garbage collections, which is a part of it if
	// AllocatedBytes were measured.
	CPUMicros      float64 `json:"cpuMicros"`
	GCMicros       float64 `json:"gcMicros,omitempty"`
	AllocatedBytes float64 `json:"allocatedBytes,omitempty"`
	// AppliedMicros is the time for which one change keeps others waiting. It is 0 for lists.
	AppliedMicros float64 `json:"appliedMicros,omitempty"`
}

// Settings as in the server: see pkg/apiserver.
const (
	settingsOfTenant = 20
	settingsOfAll    = 2
	settle           = 2 * time.Second
)

// engine is a running engine.
type engine struct {
	Config
	upstream *rest.Config
	client   *http.Client
	cluster  *tenancy.Cluster
	// applied is the number of changes that were applied, and spent the nanoseconds that this took.
	applied, spent atomic.Int64
	collection     collection
}

// Run measures an engine that reads the cluster which upstream serves.
func Run(ctx context.Context, c Config, upstream *rest.Config) (*Measured, error) {
	if c.MemoryLimit > 0 {
		debug.SetMemoryLimit(c.MemoryLimit)
	}
	client, err := rest.HTTPClientFor(upstream)
	if err != nil {
		return nil, err
	}
	e := &engine{Config: c, upstream: upstream, client: client}
	m := &Measured{}
	if err := e.load(ctx, m); err != nil {
		return nil, fmt.Errorf("reading the cluster: %w", err)
	}
	if m.Memory, err = memory(); err != nil {
		return nil, err
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	if c.Changes+c.Lists > 0 {
		e.collection = newCollection()
	}
	if c.Changes > 0 {
		if m.Changes, err = e.changes(ctx); err != nil {
			return nil, fmt.Errorf("measuring changes: %w", err)
		}
	}
	if c.Lists > 0 {
		if m.Lists, err = e.lists(); err != nil {
			return nil, fmt.Errorf("measuring lists: %w", err)
		}
	}
	if c.Watches > 0 {
		before, err := memory()
		if err != nil {
			return nil, err
		}
		m.BeforeWatches = &before
		if m.WatchMemory, err = e.watches(ctx); err != nil {
			return nil, fmt.Errorf("measuring watches: %w", err)
		}
	}
	runtime.KeepAlive(e)
	return m, nil
}

// load reads the cluster as a server does.
func (e *engine) load(ctx context.Context, m *Measured) error {
	kinds := synthetic.Kinds()
	e.cluster = tenancy.New(kinds, grants.DefaultPolicy(), func(d time.Duration) {
		e.spent.Add(int64(d))
		e.applied.Add(1)
	})
	e.cluster.LimitSettings(settingsOfTenant, settingsOfAll)
	clients, err := source.NewClients(e.upstream)
	if err != nil {
		return err
	}
	sources, err := source.NewSources(clients, e.cluster, kinds)
	if err != nil {
		return err
	}
	live := make(chan struct{})
	sources.OnLive = func() { close(live) }
	start, used := time.Now(), cputime.Used()
	go sources.Run(ctx)
	select {
	case <-live:
	case <-ctx.Done():
		return ctx.Err()
	}
	m.LoadSeconds = time.Since(start).Seconds()
	time.Sleep(settle) // the last list becomes garbage
	m.LoadCPUSeconds = (cputime.Used() - used).Seconds()
	_, m.PeakBytes, err = proc.Memory(os.Getpid())
	return err
}

// check fails if not all objects have arrived: the figures would be of another cluster.
func (e *engine) check() error {
	var errs []error
	for _, r := range e.Shape.Resources() {
		v := e.cluster.View(r.GroupResource())
		if v == nil {
			continue // grants come from it, and are checked by the lists
		}
		n := 0
		for range v.Names() {
			n++
		}
		if n != r.Count {
			errs = append(errs, fmt.Errorf("%d %s were read, want %d", n, r.Resource, r.Count))
		}
	}
	return errors.Join(errs...)
}

// memory returns the memory of this process after it has returned what it does not need.
func memory() (Memory, error) {
	// The stacks of goroutines shrink by a half at a time.
	for range 5 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m := Memory{HeapBytes: stats.HeapAlloc, StackBytes: stats.StackInuse, Goroutines: runtime.NumGoroutine()}
	var err error
	if m.ResidentBytes, _, err = proc.Memory(os.Getpid()); err == nil {
		m.AnonymousBytes, err = proc.Anonymous(os.Getpid())
	}
	return m, err
}

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

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/hack/bench/proc"
	"capsule.dev/tenantview/hack/bench/result"
)

const (
	// heapMetric is the metric of the Go runtime for the bytes of the heap in use.
	heapMetric = "go_memstats_heap_inuse_bytes "
	// heapProfile makes the server collect garbage before it answers; see net/http/pprof.
	heapProfile = "/debug/pprof/heap?gc=1"
)

// memory returns the resident memory of the server and its maximum, in bytes.
func (b *Bench) memory() (resident, peak uint64, err error) {
	pid, err := b.PID(controlplane.Server)
	if err != nil {
		return 0, 0, err
	}
	return proc.Memory(pid)
}

// Sample reads the resident memory of the server as it is, and then its heap without garbage.
func (b *Bench) Sample(ctx context.Context, when string) (result.Sample, error) {
	s := result.Sample{When: when}
	var err error
	if s.ResidentBytes, _, err = b.memory(); err != nil {
		return s, err
	}
	if err := b.collectGarbage(ctx); err != nil {
		return s, err
	}
	metrics, err := b.direct(ctx, "/metrics")
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

// collectGarbage makes the server collect garbage twice: the first time, finalizers and pools may keep some.
func (b *Bench) collectGarbage(ctx context.Context) error {
	for range 2 {
		if _, err := b.direct(ctx, heapProfile); err != nil {
			return err
		}
	}
	return nil
}

// direct gets a path from the server itself, as an administrator.
func (b *Bench) direct(ctx context.Context, path string) ([]byte, error) {
	config := b.DirectConfig(b.AdminConfig())
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return get(ctx, client, config.Host+path)
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

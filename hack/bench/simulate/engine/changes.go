// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"capsule.dev/tenantview/hack/bench/simulate/upstream"
)

// patience is how long changes may take to arrive after they have been sent.
const patience = time.Minute

// changes measures each kind of change that the cluster has objects for. A change costs what its event costs: TLS,
// decoding, packing and applying.
func (e *engine) changes(ctx context.Context) ([]Cost, error) {
	var costs []Cost
	for _, r := range e.Shape.Resources() {
		if r.Change == nil || r.Count == 0 {
			continue
		}
		// The first ones warm up.
		if err := e.change(ctx, r.Resource, e.Changes/10+1); err != nil {
			return nil, err
		}
		spent := e.spent.Load()
		cost, err := e.collection.measure(r.Resource, e.Changes, func() error { return e.change(ctx, r.Resource, e.Changes) })
		if err != nil {
			return nil, err
		}
		cost.AppliedMicros = micros(time.Duration(e.spent.Load()-spent), e.Changes)
		costs = append(costs, cost)
	}
	return costs, nil
}

// change asks for changes and waits until they have been applied.
func (e *engine) change(ctx context.Context, resource string, count int) error {
	applied := e.applied.Load()
	url := fmt.Sprintf("%s%s%s?count=%d", e.upstream.Host, upstream.ChangePath, resource, count)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		return fmt.Errorf("asking for changes of %s: %s: %s", resource, response.Status, body)
	}
	for start := time.Now(); e.applied.Load() < applied+int64(count); time.Sleep(time.Millisecond) {
		if time.Since(start) > patience {
			return fmt.Errorf("only %d of %d changes of %s were applied", e.applied.Load()-applied, count, resource)
		}
	}
	return nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"capsule.dev/tenantview/hack/bench/proc"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// clients is how many requests are under way at a time.
const clients = 16

// Client returns a client of a server that Serve runs.
func Client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // the server is this program's own, and keeps its certificate in memory
	}}
}

// Requester sends requests to a server that Serve runs.
type Requester struct {
	Host  string
	Shape shape.Shape
	*http.Client
}

// Lists returns the processor time of one of many lists of the namespaces of a Tenant, by its owner.
func (r *Requester) Lists(ctx context.Context, pid, count int) (Cost, error) {
	if err := r.lists(ctx, count/10+1); err != nil { // warms up
		return Cost{}, err
	}
	before, err := proc.CPU(pid)
	if err != nil {
		return Cost{}, err
	}
	if err := r.lists(ctx, count); err != nil {
		return Cost{}, err
	}
	after, err := proc.CPU(pid)
	return Cost{Name: "lists", Count: count, CPUMicros: float64((after - before).Microseconds()) / float64(count)}, err
}

func (r *Requester) lists(ctx context.Context, count int) error {
	group, ctx := errgroup.WithContext(ctx)
	for first := range clients {
		group.Go(func() error {
			for i := first; i < count; i += clients {
				response, err := r.get(ctx, i, "")
				if err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// Watch opens watches, which stay open until ctx ends. Each is of the owner of another Tenant as far as there are
// enough.
func (r *Requester) Watch(ctx context.Context, count int) error {
	group, opening := errgroup.WithContext(ctx)
	for first := range clients {
		group.Go(func() error {
			for i := first; i < count && opening.Err() == nil; i += clients {
				response, err := r.get(ctx, i, "?watch=1&allowWatchBookmarks=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=3600") //nolint:bodyclose // the goroutine below closes it
				if err != nil {
					return err
				}
				go func() {
					_, _ = io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	time.Sleep(settle)
	return nil
}

// get asks for namespaces as the owner of a Tenant.
func (r *Requester) get(ctx context.Context, tenant int, query string) (*http.Response, error) {
	url := r.Host + "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/tenantnamespaces" + query
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set(UserHeader, synthetic.Owner(tenant%r.Shape.Tenants))
	response, err := r.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		return nil, fmt.Errorf("GET %s: %s: %s", url, response.Status, body)
	}
	return response, nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// shown is what a user of the sample sees, by resource.
type shown map[string][]string

var sampleOf = map[string]shown{
	"alice": {
		"tenantnamespaces":        {"solar-ci", "solar-db", "solar-web"},
		"tenantstorageclasses":    {"backup", "gold", "solar-nvme", "standard"},
		"tenantingressclasses":    {"public-web", "solar-internal"},
		"tenantpriorityclasses":   {"batch", "solar-critical"},
		"tenantruntimeclasses":    {"kata"},
		"tenantnodes":             {"solar-node-1", "solar-node-2"},
		"tenantpersistentvolumes": {"pv-solar-db", "pv-solar-spare"},
	},
	"bob": {
		"tenantnamespaces":        {"wind-dev", "wind-prod"},
		"tenantstorageclasses":    {"standard", "wind-archive"},
		"tenantingressclasses":    {"wind-internal"},
		"tenantpriorityclasses":   {"batch"},
		"tenantruntimeclasses":    {"gvisor"},
		"tenantnodes":             {"wind-node-1", "wind-node-2"},
		"tenantpersistentvolumes": {"pv-mislabelled", "pv-wind-prod"},
	},
}

// requireSample checks that kube-apiserver serves the sample's users everything that they may see.
func (c *cluster) requireSample(t *testing.T) {
	t.Helper()
	for user, want := range sampleOf {
		got := shown{}
		for resource := range want {
			got[resource] = c.list(t, c.As(t, user), resource)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s sees (-want +got):\n%s", user, diff)
		}
	}
}

// list lists through kube-apiserver. It waits while the APIService is not Available.
func (c *cluster) list(t *testing.T, config *rest.Config, resource string) []string {
	t.Helper()
	var names []string
	testcluster.Eventually(t, resource+" are served", func() (err error) {
		names, err = tryList(t.Context(), config, resource)
		return err
	})
	return names
}

// eventually waits until a user sees exactly these. Pods that are being replaced answer for some seconds more.
func (c *cluster) eventually(t *testing.T, user, resource string, want ...string) {
	t.Helper()
	testcluster.Eventually(t, user+" sees other "+resource, func() error {
		names, err := tryList(t.Context(), c.As(t, user), resource)
		if err == nil && !slices.Equal(names, want) {
			err = fmt.Errorf("saw %v, expected %v", names, want)
		}
		return err
	})
}

func tryList(ctx context.Context, config *rest.Config, resource string) ([]string, error) {
	a, err := testcluster.TryGet(ctx, config, testcluster.Root+"/"+resource)
	if err != nil {
		return nil, err
	}
	if a.Code != 200 {
		return nil, fmt.Errorf("got %d: %s", a.Code, a.Body)
	}
	list := &testcluster.Object{}
	if err := list.UnmarshalJSON(a.Body); err != nil {
		return nil, err
	}
	items, err := list.ToList()
	if err != nil {
		return nil, err
	}
	names := testcluster.Names(items)
	slices.Sort(names)
	return names, nil
}

// steady lists as a user all the time until stop is called, which returns how many lists there were, and the
// errors of those that failed.
func (c *cluster) steady(t *testing.T, user string) (stop func() (lists int, errs []error)) {
	t.Helper()
	config := c.As(t, user)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	lists, errs := 0, []error(nil)
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			names, err := tryList(ctx, config, "tenantnamespaces")
			if ctx.Err() != nil {
				return
			}
			if err == nil && !slices.Equal(names, sampleOf[user]["tenantnamespaces"]) {
				err = fmt.Errorf("saw %v", names)
			}
			lists++
			if err != nil {
				errs = append(errs, err)
			}
		}
	}()
	return func() (int, []error) {
		cancel()
		<-done
		return lists, errs
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/metrics"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/servingcert"
	"capsule.dev/tenantview/pkg/source"
	"capsule.dev/tenantview/pkg/tenancy"
)

// metricNames are the names of all metrics. Dashboards and alerts rely on them.
var metricNames = []string{
	"tenantview_criteria",
	"tenantview_grant_apply_seconds",
	"tenantview_invalid_objects",
	"tenantview_list_items",
	"tenantview_objects",
	"tenantview_refused_requests_total",
	"tenantview_revision",
	"tenantview_serving_certificate_expiration_timestamp_seconds",
	"tenantview_source_absent",
	"tenantview_source_lag_seconds",
	"tenantview_source_synced",
	"tenantview_subjects",
	"tenantview_watch_resume_total",
	"tenantview_watch_terminated_total",
	"tenantview_watchers",
}

// eventMetrics are the metrics without a sample until something happens. A process serves those of
// its first server only, which need not be the test's server.
var eventMetrics = []string{"tenantview_list_items", "tenantview_refused_requests_total", "tenantview_watch_resume_total", "tenantview_watch_terminated_total"}

// allowedLabels are the names that labels may have. A label with users, tenants or objects would
// reveal them to all readers of metrics.
var allowedLabels = []string{"resource", "source", "reason", "result"}

func TestMetrics(t *testing.T) {
	var granted []grants.Kind
	for _, k := range kinds.All(kinds.Options{}) {
		granted = append(granted, k.Kind)
	}
	cluster := tenancy.New(granted, grants.DefaultPolicy(), nil)
	clients, err := source.NewClients(&rest.Config{Host: newUpstream(t).server.URL})
	if err != nil {
		t.Fatal(err)
	}
	sources, err := source.NewSources(clients, cluster, granted)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		sources.Run(ctx)
	}()
	defer func() {
		stop()
		<-stopped
	}()
	eventually(t, "all sources are read", sources.Live)

	m, registry := newMetrics(), metrics.NewKubeRegistry()
	registry.MustRegister(m.listItems, m.grantApply, m.resumes, m.terminated, refused)
	serving := newCertificate(t, t.TempDir(), "a", time.Unix(4000000000, 0))
	registry.CustomMustRegister(newCollector(kinds.All(kinds.Options{}), cluster, sources, servingcert.NewMonitor(serving, servingcert.Options{})))
	m.observeList("tenantnamespaces", 2)
	m.observeApply(time.Millisecond)
	m.observeResume("tenantnamespaces", "expired")
	m.observeTermination("tenantnamespaces", "slow")
	observeRefusal("requests")

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	values := map[string]float64{}
	for _, f := range families {
		names = append(names, f.GetName())
		for _, sample := range f.GetMetric() {
			key := strings.TrimPrefix(f.GetName(), "tenantview_")
			for _, l := range sample.GetLabel() {
				if !slices.Contains(allowedLabels, l.GetName()) {
					t.Errorf("%s has a label %s", f.GetName(), l.GetName())
				}
				for _, secret := range []string{"alice", "solar", "hidden", "wall-e", "uid-"} {
					if strings.Contains(l.GetValue(), secret) {
						t.Errorf("%s reveals %s=%s", f.GetName(), l.GetName(), l.GetValue())
					}
				}
				key += " " + l.GetValue()
			}
			values[key] = sample.GetGauge().GetValue() + sample.GetCounter().GetValue() + float64(sample.GetHistogram().GetSampleCount())
		}
	}
	if diff := cmp.Diff(metricNames, names); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	want := map[string]float64{
		"objects tenantnamespaces":          3,
		"objects tenantnodes":               1,
		"objects tenantstorageclasses":      0,
		"criteria tenantnamespaces":         1,
		"criteria tenantnodes":              0,
		"revision tenantnamespaces":         1000,
		"subjects":                          1,
		"source_synced namespaces":          1,
		"source_lag_seconds namespaces":     0,
		"source_absent tenants":             0,
		"source_absent proxysettings":       1,
		"invalid_objects Subject tenants":   1,
		"list_items tenantnamespaces":       1,
		"grant_apply_seconds":               1,
		"source_synced globalproxysettings": 1,
		"source_absent globalproxysettings": 1,
		"source_absent rolebindings":        0,
		"criteria tenantpersistentvolumes":  0,
		"objects tenantpersistentvolumes":   0,
		"revision tenantpersistentvolumes":  1000,
		"source_lag_seconds proxysettings":  0,
		"revision tenantingressclasses":     1000,
		"source_synced persistentvolumes":   1,

		"serving_certificate_expiration_timestamp_seconds": 4000000000,
	}
	got := map[string]float64{}
	for key := range want {
		got[key] = values[key]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

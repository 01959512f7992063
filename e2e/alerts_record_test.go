// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// recordFor is the time between the two samples of a recorded series: one interval of Prometheus.
const recordFor = 30 * time.Second

// TestRecordMetrics writes the recordings again, if TENANTVIEW_RECORD is set: "make alerts-record".
func TestRecordMetrics(t *testing.T) {
	if os.Getenv("TENANTVIEW_RECORD") == "" {
		t.Skip("TENANTVIEW_RECORD is not set")
	}
	arrange(t, solarAndWind)
	s := shared.Serve(t, shared.ServerAccount(t), nil)
	s.WaitReady(t)
	record(t, "healthy", s, func() { traffic(t, s) })
	record(t, "guesses", s, func() { guess(t, s) })

	t.Run("invalid", func(t *testing.T) {
		arrange(t, invalidTenants(12))
		record(t, "invalid", s, func() { traffic(t, s) })
	})
	settle(t)

	unready := shared.serveWithout(t, "e2e-record", "tenants", []string{"KUBE_FEATURE_WatchListClient=false"})
	testcluster.Eventually(t, "only this source is not ready", func() error {
		failed, err := unready.FailedChecks(t)
		if err == nil && !slices.Equal(failed, []string{"source-tenants"}) {
			err = fmt.Errorf("failed checks: %v", failed)
		}
		return err
	})
	record(t, "not-synced", unready, func() { traffic(t, unready) })

	blind := shared.serveWithout(t, "e2e-record-reviews", "subjectaccessreviews", nil)
	blind.WaitReady(t)
	record(t, "no-reviews", blind, func() { traffic(t, blind) })

	if err := shared.StopComponent(t.Context(), controlplane.Server); err != nil {
		t.Fatal(err)
	}
	shared.restoreServer(t)
	testcluster.Eventually(t, "the APIService is unavailable", func() error {
		if scrape(t, s)[`aggregator_unavailable_apiservice{name="v1alpha1.tenantview.capsule.dev"}`] != 1 {
			return missing("sample")
		}
		return nil
	})
	record(t, "unavailable", s, func() { traffic(t, s) })

	t.Cleanup(func() { startComponents(t, controlplane.APIServer, controlplane.ControllerManager) })
	if err := shared.KillComponent(t.Context(), controlplane.APIServer); err != nil {
		t.Fatal(err)
	}
	record(t, "cut-off", s, func() { traffic(t, s) })
}

// record writes two samples of each series, before and after some time with requests. Those of kube-apiserver
// alone are in the state that shows them.
func record(t *testing.T, state string, s *testcluster.Server, requests func()) {
	t.Helper()
	requests() // so that all series exist
	before := scrape(t, s)
	for until := time.Now().Add(recordFor); time.Now().Before(until); {
		requests()
	}
	after := scrape(t, s)
	text := &strings.Builder{}
	fmt.Fprintf(text, "# Recorded by e2e/alerts_record_test.go: each series with two samples, %v apart.\n", recordFor)
	for _, series := range slices.Sorted(maps.Keys(after)) {
		fmt.Fprintf(text, "%s %v %v\n", series, before[series], after[series])
	}
	if err := os.MkdirAll(recordings, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(recordings, state+".prom"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"capsule.dev/tenantview/e2e/testcluster"
)

// recordings are samples that a server has exposed in several states. hack/alerts tests the alerts on them,
// and checks that alerts and dashboard query nothing that is not in them.
const recordings = "../hack/alerts/testdata"

// labelName finds the names of labels. Values may contain anything but quotes.
var labelName = regexp.MustCompile(`([a-z_]+)="[^"]*"`)

// shapeOf returns a series without the values of its labels.
func shapeOf(series string) string { return labelName.ReplaceAllString(series, "$1") }

// The metrics that alerts and dashboard query are those that a server exposes, with the same labels. If a
// metric gets another name, this fails. Then change the queries, and record the samples again.
func TestQueriedMetrics(t *testing.T) {
	arrange(t, solarAndWind+invalidTenants(1))
	s := shared.Serve(t, shared.ServerAccount(t), nil)
	s.WaitReady(t)
	traffic(t, s)
	guess(t, s)
	exposed := map[string]bool{}
	testcluster.Eventually(t, "the end of a watch has been counted", func() error {
		for series := range scrape(t, s) {
			exposed[shapeOf(series)] = true
		}
		if !exposed["tenantview_watch_terminated_total{reason,resource}"] {
			return missing("sample")
		}
		return nil
	})
	files, err := filepath.Glob(filepath.Join(recordings, "*.prom"))
	if err != nil || len(files) < 5 {
		t.Fatalf("recordings %v: %v", files, err)
	}
	queried := map[string]bool{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			if series, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
				queried[shapeOf(series)] = true
			}
		}
	}
	for _, series := range slices.Sorted(maps.Keys(queried)) {
		if !exposed[series] {
			t.Errorf("%s is in the recordings, but no server exposes it", series)
		}
	}
}

// scrape returns the samples that alerts and dashboard query: those of a server, and one of kube-apiserver.
// Of the many kinds and sources, it returns a few.
func scrape(t *testing.T, s *testcluster.Server) map[string]float64 {
	t.Helper()
	a, err := s.TryGet(t, shared.Admin, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	all := a.Metrics(t)
	maps.DeleteFunc(all, func(series string, _ float64) bool {
		return !isQueried.MatchString(series) || isOther.MatchString(series)
	})
	if a, err := testcluster.TryGet(t.Context(), shared.Admin, "/metrics"); err == nil { // kube-apiserver may be away
		for series, value := range a.Metrics(t) {
			if strings.HasPrefix(series, `aggregator_unavailable_apiservice{name="v1alpha1.tenantview`) {
				all[series] = value
			}
		}
	}
	return all
}

var (
	isQueried = regexp.MustCompile(`^(tenantview_|apiserver_delegated_authz_|apiserver_current_inflight_requests|process_(cpu|resident|start)|go_goroutines|go_memstats_heap_inuse_bytes` +
		`|apiserver_request_(total|duration_seconds)[^ ]*group="tenantview.capsule.dev")`)
	isOther = regexp.MustCompile(`[{,]resource="tenant[^n]|^apiserver_request_duration.*resource="tenantnodes|[{,]source="[^nt]`)
)

// traffic makes requests as users make them.
func traffic(t *testing.T, s *testcluster.Server) {
	t.Helper()
	ask := func(user, path string) {
		// The server may be unable to answer.
		config := shared.Admin
		if user != "" {
			config = shared.As(t, user)
		}
		if _, err := s.TryGet(t, config, path); err != nil {
			t.Error(err)
		}
	}
	for _, resource := range []string{"namespaces", "nodes"} {
		path := kindOf(resource).Path()
		for _, user := range []string{"", "alice", "bob"} {
			ask(user, path)
		}
		ask("alice", path+"/solar-1")
		ask("alice", path+"?watch=1&timeoutSeconds=1")
		ask("alice", path+"?watch=1&resourceVersion=1")
	}
}

// guess asks for names until a limit refuses that.
func guess(t *testing.T, s *testcluster.Server) {
	t.Helper()
	for i := range 100 {
		path := fmt.Sprintf("%s/guess-%d", kindOf("namespaces").Path(), i)
		if _, err := s.TryGet(t, shared.As(t, "carol"), path); err != nil {
			t.Error(err)
		}
	}
}

// invalidTenants returns Tenants with an owner that cannot be.
func invalidTenants(n int) string {
	yaml := &strings.Builder{}
	for i := range n {
		fmt.Fprintf(yaml, "---\napiVersion: capsule.clastix.io/v1beta2\nkind: Tenant\nmetadata: {name: e2e-invalid-%d}\nspec: {owners: [{kind: User, name: bob}], storageClasses: {allowedRegex: \"(\"}}\n", i)
	}
	return yaml.String()
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// Probes respond to everyone, because kubelets have no identity. They name every source but no object.
func TestProbes(t *testing.T) {
	nobody := shared.DirectConfig(rest.AnonymousClientConfig(shared.Admin))
	for _, path := range []string{"/healthz", "/livez", "/readyz"} {
		if got := string(testcluster.Get(t, nobody, path).Expect(t, 200).Body); got != "ok" {
			t.Errorf("%s: got %q", path, got)
		}
		if got := string(testcluster.Get(t, nobody, path+"?verbose").Expect(t, 200).Body); !strings.Contains(got, "[+]ping ok\n") {
			t.Errorf("%s?verbose: got %q", path, got)
		}
	}
	var got []string
	for line := range strings.Lines(string(testcluster.Get(t, nobody, "/readyz?verbose").Body)) {
		if source, ok := strings.CutPrefix(strings.TrimSpace(line), "[+]source-"); ok {
			got = append(got, strings.TrimSuffix(source, " ok"))
		}
	}
	// The sources of the default policy.
	want := []string{"tenants", "proxysettings", "globalproxysettings", "rolebindings", "roles", "clusterroles"}
	for _, k := range kinds {
		want = append(want, k.Upstream.Resource)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources in /readyz (-want +got):\n%s", diff)
	}
	version := testcluster.Get(t, shared.DirectConfig(shared.As(t, "alice")), "/version").Expect(t, 200).Object(t).Object
	if version["gitVersion"] == "" || version["goVersion"] == "" || version["platform"] == "" {
		t.Errorf("version: %v", version)
	}
	// Metrics and profiles need authorization.
	testcluster.Get(t, nobody, "/metrics").Expect(t, 401)
	testcluster.Get(t, shared.DirectConfig(shared.As(t, "alice")), "/metrics").Expect(t, 403)
	testcluster.Get(t, shared.DirectConfig(shared.Admin), "/debug/pprof/").Expect(t, 404)
}

// The metrics are the documented ones. They show quantities and health, but neither the users of the server
// nor its content.
func TestMetrics(t *testing.T) {
	arrange(t, strings.NewReplacer("alice", "zaphod", "solar", "heartofgold", "wind", "vogsphere", "gold,", "towel,", "name: gold", "name: towel", "kata", "babelfish").Replace(solarAndWind))
	zaphod := shared.As(t, "zaphod", "hitchhikers")
	for _, config := range []*rest.Config{zaphod, shared.DirectConfig(zaphod)} {
		for _, k := range kinds {
			testcluster.Get(t, config, k.Path()).Expect(t, 200)
			testcluster.Get(t, config, k.Path()+"/heartofgold-1")
			testcluster.Get(t, config, k.Path()+"/vogsphere-1?labelSelector=towel")
		}
	}
	a := testcluster.Get(t, shared.DirectConfig(shared.Admin), "/metrics").Expect(t, 200)
	text := string(a.Body)
	for _, name := range []string{"zaphod", "hitchhikers", "heartofgold", "vogsphere", "towel", "babelfish"} {
		if i := strings.Index(text, name); i >= 0 {
			t.Errorf("%s is in the metrics: %s", name, text[max(0, i-200):min(len(text), i+100)])
		}
	}
	m := a.Metrics(t)
	for _, k := range kinds {
		for _, name := range []string{"tenantview_objects", "tenantview_criteria", "tenantview_revision", "tenantview_list_items_count"} {
			if m[name+`{resource="`+k.Resource()+`"}`] <= 0 {
				t.Errorf("%s of %s is missing", name, k.Resource())
			}
		}
		if got := m[`tenantview_source_synced{source="`+k.Upstream.Resource+`"}`]; got != 1 {
			t.Errorf("%s is synced: %v", k.Upstream.Resource, got)
		}
	}
	for _, name := range []string{"tenantview_subjects", "tenantview_grant_apply_seconds_count", `tenantview_source_lag_seconds{source="tenants"}`} {
		if _, ok := m[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

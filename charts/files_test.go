// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/component-base/featuregate"
	tracing "k8s.io/component-base/tracing/api/v1"
	"sigs.k8s.io/yaml"
)

// The server would not start with an audit policy or a tracing configuration that it cannot read.
func TestServerReadsItsFiles(t *testing.T) {
	all := render(t, branches["audit and tracing"].values)
	rules := as[corev1.ConfigMap](t, all, "ConfigMap/"+name+"-audit").Data["policy.yaml"]
	loaded, err := policy.LoadPolicyFromBytes([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Rules) != 1 || loaded.Rules[0].Level != "Metadata" {
		t.Errorf("audit rules: %+v", loaded.Rules)
	}
	var configuration tracing.TracingConfiguration
	text := as[corev1.ConfigMap](t, all, "ConfigMap/"+name+"-tracing").Data["tracing.yaml"]
	if err := yaml.Unmarshal([]byte(text), &configuration); err != nil {
		t.Fatal(err)
	}
	if errs := tracing.ValidateTracingConfiguration(&configuration, featuregate.NewFeatureGate(), nil); len(errs) > 0 {
		t.Error(errs)
	}
	if configuration.Endpoint == nil || *configuration.Endpoint != "collector.monitoring.svc:4317" || *configuration.SamplingRatePerMillion != 1000 {
		t.Errorf("tracing: %s", text)
	}
}

// What the monitoring objects hold must be what is in the files of the chart.
func TestMonitoringFiles(t *testing.T) {
	all := render(t, branches["metrics"].values)
	want, err := os.ReadFile(filepath.Join(chart, "files", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	got := as[corev1.ConfigMap](t, all, "ConfigMap/"+name+"-dashboard").Data["tenantview.json"]
	var a, b any
	if err := yaml.Unmarshal(want, &a); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(got), &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("dashboard (-file +rendered):\n%s", diff)
	}
	alerts, err := os.ReadFile(filepath.Join(chart, "files", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules map[string]any
	if err := yaml.Unmarshal(alerts, &rules); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rules, all["PrometheusRule/"+name].Object["spec"]); diff != "" {
		t.Errorf("alerts (-file +rendered):\n%s", diff)
	}
}

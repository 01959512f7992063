// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Each alert has a heading in docs/operate.md, to which its runbook_url leads, and each heading an alert.
func TestEveryAlertHasARunbook(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join(chart, "files", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(rules, &file); err != nil {
		t.Fatal(err)
	}
	var alerts, headings []string
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			alerts = append(alerts, rule.Alert)
			if want, got := "docs/operate.md#"+strings.ToLower(rule.Alert), rule.Annotations["runbook_url"]; !strings.HasSuffix(got, want) {
				t.Errorf("the runbook_url of %s is %q and does not end with %s", rule.Alert, got, want)
			}
		}
	}
	document, err := os.ReadFile(filepath.Join("..", "docs", "operate.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range regexp.MustCompile(`(?m)^### (Tenantview\w+)$`).FindAllStringSubmatch(string(document), -1) {
		headings = append(headings, heading[1])
	}
	if len(alerts) == 0 {
		t.Error("no alerts")
	}
	if diff := cmp.Diff(alerts, headings); diff != "" {
		t.Errorf("headings in docs/operate.md (-alerts +document):\n%s", diff)
	}
}

// rulesOf returns the runbooks of the alerts that values render, by their names.
func rulesOf(t *testing.T, values string) map[string]string {
	t.Helper()
	runbooks := map[string]string{}
	groups, _, err := unstructured.NestedSlice(render(t, values)["PrometheusRule/"+name].Object, "spec", "groups")
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		rules, _, _ := unstructured.NestedSlice(group.(map[string]any), "rules")
		if len(rules) == 0 {
			t.Errorf("a group without rules: %v", group)
		}
		for _, rule := range rules {
			alert, _, _ := unstructured.NestedString(rule.(map[string]any), "alert")
			runbooks[alert], _, _ = unstructured.NestedString(rule.(map[string]any), "annotations", "runbook_url")
		}
	}
	return runbooks
}

// Alerts can be left out by name, with one replica one is by itself, and their runbooks can be anywhere.
func TestPrometheusRule(t *testing.T) {
	const slow, few, absent = "TenantviewSlow", "TenantviewTooFewReplicas", "TenantviewAbsent"
	all := rulesOf(t, "metrics: {prometheusRule: {enabled: true}}")
	for values, without := range map[string][]string{
		"metrics: {prometheusRule: {enabled: true, disabled: [" + slow + "]}}": {slow},
		"metrics: {prometheusRule: {enabled: true, disabled: [TenantviewCertificateExpires, TenantviewCertificateExpiresNow]}}": {
			"TenantviewCertificateExpires", "TenantviewCertificateExpiresNow",
		},
		"{metrics: {prometheusRule: {enabled: true}}, replicas: 1}":                                  {few},
		"{metrics: {prometheusRule: {enabled: true}}, replicas: 1, autoscaling: {enabled: true}}":    nil,
		"{metrics: {prometheusRule: {enabled: true}}, autoscaling: {enabled: true, minReplicas: 1}}": {few},
	} {
		want := maps.Clone(all)
		for _, alert := range without {
			delete(want, alert)
		}
		if diff := cmp.Diff(want, rulesOf(t, values)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", values, diff)
		}
	}
	if got, want := all[absent], "docs/operate.md#tenantviewabsent"; got != want {
		t.Errorf("runbook %q, want %q", got, want)
	}
	for _, slash := range []string{"", "/"} {
		got := rulesOf(t, "metrics: {prometheusRule: {enabled: true, runbookURLPrefix: 'https://git.example.com/main"+slash+"'}}")[absent]
		if want := "https://git.example.com/main/docs/operate.md#tenantviewabsent"; got != want {
			t.Errorf("runbook %q, want %q", got, want)
		}
	}
}

// Prometheus trusts the authorities that kube-apiserver trusts: with a bundle those, else that of the Secret.
func TestServiceMonitorVerifiesTheServer(t *testing.T) {
	const monitored = "metrics: {serviceMonitor: {enabled: true}}"
	for values, want := range map[string]string{
		"{" + monitored + "}": "secret/" + name + "-serving",
		"{certificates: {source: cert-manager}, " + monitored + "}":                                             "secret/" + name + "-cert-manager",
		"{certificates: {source: secret, secret: {name: a}, caBundle: " + certificate + "}, " + monitored + "}": "configMap/" + name + "-ca",
	} {
		all := render(t, values)
		endpoints, _, err := unstructured.NestedSlice(all["ServiceMonitor/"+name].Object, "spec", "endpoints")
		if err != nil {
			t.Fatal(err)
		}
		ca, _, _ := unstructured.NestedMap(endpoints[0].(map[string]any), "tlsConfig", "ca")
		got := ""
		for kind, reference := range ca {
			got += kind + "/" + reference.(map[string]any)["name"].(string)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", values, got, want)
		}
		bundle := all["ConfigMap/"+name+"-ca"]
		if (bundle != nil) != strings.HasPrefix(want, "configMap") {
			t.Errorf("%s: ConfigMap %v", values, bundle)
		}
		if bundle != nil && !strings.Contains(as[corev1.ConfigMap](t, all, "ConfigMap/"+name+"-ca").Data["ca.crt"], "\nAAAA\n") {
			t.Errorf("%s: %v", values, bundle)
		}
	}
}

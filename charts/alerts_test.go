// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

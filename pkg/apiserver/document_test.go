// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table in docs/operate.md has all metrics, and the page names no other.
func TestDocumentNamesEveryMetric(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "operate.md"))
	if err != nil {
		t.Fatal(err)
	}
	var table []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(tenantview_[a-z_]+)` \\|").FindAllStringSubmatch(string(data), -1) {
		table = append(table, row[1])
	}
	slices.Sort(table)
	if diff := cmp.Diff(metricNames, table); diff != "" {
		t.Errorf("metrics in docs/operate.md (-server +document):\n%s", diff)
	}
	for _, name := range regexp.MustCompile(`\btenantview_[a-z_]+`).FindAllString(string(data), -1) {
		if !slices.Contains(metricNames, name) {
			t.Errorf("docs/operate.md names %s, which does not exist", name)
		}
	}
}

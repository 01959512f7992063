// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"strconv"
	"strings"
	"testing"
)

// Metrics returns the metrics of the control plane's server.
func (c *Cluster) Metrics(t testing.TB) map[string]float64 {
	t.Helper()
	return Get(t, c.DirectConfig(c.Admin), "/metrics").Metrics(t)
}

// Metrics returns the metrics that a server exposes, by name with labels in alphabetical order, as in
// name{a="1",b="2"}.
func (a Answer) Metrics(t testing.TB) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for line := range strings.Lines(string(a.Expect(t, 200).Body)) {
		line = strings.TrimSpace(line)
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			t.Fatalf("%v in: %s", err, line)
		}
		all[line[:i]] = value
	}
	return all
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bytes"
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metric returns the sum of the server's samples of a metric that have these labels.
func Metric(t testing.TB, c *Cluster, name string, labels map[string]string) float64 {
	t.Helper()
	answer := Get(t, c.DirectConfig(c.Admin), "/metrics")
	if answer.Code != http.StatusOK {
		t.Fatalf("got status %d for the metrics: %s", answer.Code, answer.Body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(answer.Body))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, sample := range families[name].GetMetric() {
		if matches(sample, labels) {
			sum += sample.GetCounter().GetValue() + sample.GetGauge().GetValue()
		}
	}
	return sum
}

func matches(sample *dto.Metric, labels map[string]string) bool {
	found := 0
	for _, l := range sample.GetLabel() {
		if want, ok := labels[l.GetName()]; ok && want == l.GetValue() {
			found++
		}
	}
	return found == len(labels)
}

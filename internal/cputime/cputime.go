// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cputime measures benchmarks by their processor time. Unlike the time that go test reports,
// it does not include other work of the machine.
package cputime

import "testing"

// Unit is the unit of the metric that Measure reports.
const Unit = "cpu-ns/op"

// Measure reports the time from now until stop is called, for each iteration.
func Measure(b *testing.B) (stop func()) {
	start := Used()
	return func() { b.ReportMetric(float64(Used()-start)/float64(b.N), Unit) }
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cputime measures benchmarks by the processor time that they take: unlike the time
// that go test reports, it does not count what else the machine does meanwhile.
package cputime

import "testing"

// Unit is that of the metric which Measure reports.
const Unit = "cpu-ns/op"

// Measure reports the time from now until stop is called, for each iteration.
func Measure(b *testing.B) (stop func()) {
	start := used()
	return func() { b.ReportMetric(float64(used()-start)/float64(b.N), Unit) }
}

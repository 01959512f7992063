// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"

	"capsule.dev/tenantview/hack/bench/simulate/shape"
)

// sizes are the clusters for which the document recommends resources.
var sizes = []int{1_000, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000}

const mebibyte = 1 << 20

// The recommendations. A whole server needs more than its engine, answers need memory while they are sent, and the
// runtime collects garbage when the heap has doubled.
const (
	spareRequest = 128 * mebibyte
	spareLimit   = 256 * mebibyte
	// ofLimit is the part of the limit that the chart gives to GOMEMLIMIT.
	ofLimit = 0.9
)

// request and limit return the recommended resources of a server with a live heap, in bytes.
func request(heap float64) float64 { return roundUp(1.1*heap+spareRequest, 64*mebibyte) }
func limit(heap float64) float64   { return roundUp(2*heap+spareLimit, 128*mebibyte) }

// memoryLimit returns the GOMEMLIMIT that the chart derives from the recommended limit.
func memoryLimit(heap float64) float64 { return ofLimit * limit(heap) }

func roundUp(v, step float64) float64 { return math.Ceil(v/step) * step }

// sizingTable shows what is recommended for usual clusters.
func sizingTable(m model) string {
	t := newTable("Namespaces", "RoleBindings in each", "Live heap", "`requests.memory`", "`limits.memory`", "CPU to start")
	for _, n := range sizes {
		for _, bindings := range []int{0, 2, 9} {
			s := shape.Usual(n, bindings)
			heap := m.predict(heapQuantity, s)
			t.row(count(n), fmt.Sprint(bindings), mebibytes(heap), quantityOf(request(heap)), quantityOf(limit(heap)), seconds(m.predict(cpuQuantity, s)))
		}
	}
	return t.String()
}

// quantityOf returns a number of bytes as Kubernetes writes it.
func quantityOf(v float64) string { return fmt.Sprintf("%.0fMi", v/mebibyte) }

// limitedTable compares runs with the recommended limit with the same ones without a limit.
func limitedTable(r *results) string {
	t := newTable("Reading with the recommended limit", "`limits.memory`", "Peak (without a limit)", "CPU (without a limit)")
	for i := range r.Runs {
		e := &r.Runs[i]
		if e.MemoryLimit == 0 {
			continue
		}
		free := *e
		for j := range r.Runs {
			if r.Runs[j].Shape == e.Shape && r.Runs[j].MemoryLimit == 0 {
				free = r.Runs[j]
			}
		}
		t.row(describe(e.Shape), quantityOf(float64(e.MemoryLimit)/ofLimit),
			fmt.Sprintf("%s (%s)", mebibytes(float64(e.Measured.PeakBytes)), mebibytes(float64(free.Measured.PeakBytes))),
			fmt.Sprintf("%s (%s)", seconds(e.Measured.LoadCPUSeconds), seconds(free.Measured.LoadCPUSeconds)))
	}
	return t.String()
}

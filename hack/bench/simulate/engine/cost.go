// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"runtime"
	"runtime/debug"
	"time"

	"capsule.dev/tenantview/internal/cputime"
)

// collection is what one garbage collection costs, for each byte that may be allocated between two of them. The heap may
// double between them, so that is a byte of the live heap.
type collection float64

// cycles is the number of collections that are measured.
const cycles = 3

func newCollection() collection {
	runtime.GC()
	used := cputime.Used()
	for range cycles {
		runtime.GC()
	}
	spent := cputime.Used() - used
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return collection(float64(spent.Nanoseconds()) / cycles / float64(stats.HeapAlloc))
}

// measure measures an operation that is done count times. There is no garbage collection meanwhile: in a large heap
// there would be none or one, by chance. The cost has its share of one instead.
func (c collection) measure(name string, count int, operation func() error) (Cost, error) {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := cputime.Used()
	if err := operation(); err != nil {
		return Cost{}, err
	}
	spent := cputime.Used() - used
	runtime.ReadMemStats(&after)
	allocated := float64(after.TotalAlloc-before.TotalAlloc) / float64(count)
	cost := Cost{Name: name, Count: count, AllocatedBytes: allocated}
	cost.GCMicros = allocated * float64(c) / 1000
	cost.CPUMicros = micros(spent, count) + cost.GCMicros
	return cost, nil
}

// micros returns the microseconds of one of count operations.
func micros(d time.Duration, count int) float64 {
	return float64(d.Nanoseconds()) / 1000 / float64(count)
}

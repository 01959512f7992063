// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"slices"
	"time"
)

// percentile returns the value below which p percent of the times are, in microseconds. It is one of the
// times, the nearest rank above. It returns 0 if there are none, and sorts the times.
func percentile(times []time.Duration, p int) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	rank := (len(times)*p + 99) / 100
	return micros(times[max(rank, 1)-1])
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// median returns the middle of the values, or the mean of the two in the middle. It sorts them.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func sum(times []time.Duration) time.Duration {
	var total time.Duration
	for _, t := range times {
		total += t
	}
	return total
}

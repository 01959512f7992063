// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"math"

	"capsule.dev/tenantview/hack/bench/result"
)

// Ratios compares what was measured with the targets. It leaves out ratios for which something is missing.
// small is the result for the size small, or nil.
func Ratios(r, small *result.Result) []result.Ratio {
	var all []result.Ratio
	larger := r.Size != "small"
	if v, ok := quotient(r, ours, listOf10Case, floorCase); ok {
		all = append(all, atMost("list of 10 / empty list", v, 1.15))
		if before, ok := smallQuotient(small); ok && larger {
			all = append(all, atMost("list of 10 / empty list, compared with small", v/before, 1.1))
		}
	}
	if v, ok := quotient(r, plain, selectorCase, listOf10Case); ok {
		target := 0.0
		if larger {
			target = 40
		}
		all = append(all, atLeast("label selector / list of 10", v, target))
	}
	if v, ok := quotient(r, ours, groups300Case, groups3Case); ok {
		all = append(all, atMost("list of 10 in 300 groups / in 3 groups", v, 1.2))
	}
	if ten := find(r, ours, listOf10Case, jsonFormat); ten != nil && ten.APIServerCPUMicros > 0 {
		all = append(all, atMost("processor time of a list of 10, server / kube-apiserver", ten.ServerCPUMicros/ten.APIServerCPUMicros, 1))
	}
	for _, format := range []string{jsonFormat, tableFormat} {
		a, b := find(r, ours, allCase, format), find(r, plain, allCase, format)
		if a != nil && b != nil && b.MedianMicros > 0 {
			all = append(all, atMost("list of all, tenantview / kube-apiserver, "+format, a.MedianMicros/b.MedianMicros, 1.5))
		}
	}
	return append(append(all, starts(r)...), events(r)...)
}

// starts returns the times and the memory of starts, with the targets of the size.
func starts(r *result.Result) []result.Ratio {
	var all []result.Ratio
	for _, s := range r.Start {
		if s.RoleBindings != r.Start[0].RoleBindings {
			continue // further ones are reported without a target
		}
		ready := map[string]float64{"medium": 5, "large": 20}[r.Size]
		all = append(all, atMost("seconds to ready, "+s.Name, s.ReadySeconds, ready))
		if s.Name == WithoutRoleBindings {
			resident := map[string]float64{"medium": 150}[r.Size]
			all = append(all, atMost("MiB of resident memory, "+s.Name, float64(s.ResidentBytes)/(1<<20), resident))
		}
	}
	return all
}

// events compares each measurement of events of the server with the one of kube-apiserver before it.
func events(r *result.Result) []result.Ratio {
	var all []result.Ratio
	terminated, seen := 0, false
	for i := range r.Events {
		own := &r.Events[i]
		if own.Name != ours {
			continue
		}
		seen = true
		terminated += own.Terminated
		for j := range r.Events {
			if other := &r.Events[j]; other.Name == plain && i-j == 1 && other.P99Micros > 0 {
				all = append(all, atMost(fmt.Sprintf("p99 of events, tenantview / kube-apiserver, %d writes per second", nominal(own.WritesPerSecond)),
					own.P99Micros/other.P99Micros, 2))
			}
		}
	}
	if seen {
		all = append(all, result.Ratio{Name: "watches that tenantview ended", Value: float64(terminated), Holds: terminated == 0})
	}
	return all
}

// nominal returns the rate that was meant by a reached one.
func nominal(rate float64) int { return int(math.Round(rate/5)) * 5 }

func atMost(name string, value, target float64) result.Ratio {
	return result.Ratio{Name: name, Value: value, Target: target, Holds: target == 0 || value <= target}
}

func atLeast(name string, value, target float64) result.Ratio {
	return result.Ratio{Name: name, Value: value, Target: target, AtLeast: true, Holds: value >= target}
}

// find returns the measurement of a case by one client, or nil.
func find(r *result.Result, server, name, format string) *result.Request {
	for i := range r.Lists {
		if l := &r.Lists[i]; l.Server == server && l.Name == name && l.Format == format && l.Clients == 1 {
			return l
		}
	}
	return nil
}

// quotient divides the median of a case by that of a case of ours, both in JSON, and returns whether both were measured.
func quotient(r *result.Result, server, name, ourName string) (float64, bool) {
	a, b := find(r, server, name, jsonFormat), find(r, ours, ourName, jsonFormat)
	if a == nil || b == nil || b.MedianMicros == 0 {
		return 0, false
	}
	return a.MedianMicros / b.MedianMicros, true
}

func smallQuotient(small *result.Result) (float64, bool) {
	if small == nil {
		return 0, false
	}
	return quotient(small, ours, listOf10Case, floorCase)
}

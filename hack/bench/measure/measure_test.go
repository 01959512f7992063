// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/hack/bench/result"
	"capsule.dev/tenantview/hack/bench/world"
)

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i)*time.Microsecond)
	}
	for name, c := range map[string]struct {
		times []time.Duration
		p     int
		want  float64
	}{
		"none":             {nil, 50, 0},
		"one":              {[]time.Duration{7 * time.Microsecond}, 99, 7},
		"p0":               {hundred, 0, 1},
		"p50":              {hundred, 50, 50},
		"p99":              {hundred, 99, 99},
		"p100":             {hundred, 100, 100},
		"rank between two": {[]time.Duration{1500, 2500, 3500}, 50, 2.5},
		"p99 of few":       {[]time.Duration{3000, 1000, 2000}, 99, 3},
	} {
		if got := percentile(c.times, c.p); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("%v: got %v, want %v", c.values, got, c.want)
		}
	}
}

// Requests must not be charged for what the programs do without any.
func TestUsageWithoutIdle(t *testing.T) {
	got := usage{server: 1000, apiServer: 3000, took: 10_000}.without(usage{server: 40, apiServer: 100, took: 1_000})
	if want := (usage{server: 600, apiServer: 2000, took: 10_000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if u := (usage{server: 1, took: 2}); u.without(usage{}) != u {
		t.Error("an idle time that was not measured changes a usage")
	}
}

func TestNumberAfter(t *testing.T) {
	const prefix = `"mark":"7-`
	for line, want := range map[string]int{
		`{"annotations":{"mark":"7-12","other":"x"}}`: 12,
		`{"annotations":{"mark":"8-12"}}`:             -1, // of another turn
		`{"annotations":{}}`:                          -1,
		`{"mark":"7-12`:                               -1,
		`{"mark":"7-"}`:                               -1,
		`{"mark":"7--1"}`:                             -1,
	} {
		got, ok := numberAfter([]byte(line), []byte(prefix))
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: got %d, %v", line, got, ok)
		}
	}
}

func TestRatios(t *testing.T) {
	list := func(server, name, format string, median, cpu, apiCPU float64) result.Request {
		return result.Request{Server: server, Name: name, Format: format, Clients: 1, MedianMicros: median, ServerCPUMicros: cpu, APIServerCPUMicros: apiCPU}
	}
	small := &result.Result{Size: "small", Lists: []result.Request{
		list(ours, floorCase, jsonFormat, 100, 0, 0), list(ours, listOf10Case, jsonFormat, 110, 0, 0),
	}}
	medium := &result.Result{
		Size:  "medium",
		Start: []result.Start{{Name: WithoutRoleBindings, ReadySeconds: 6, ResidentBytes: 100 << 20}, {Name: Default, RoleBindings: 9, ReadySeconds: 60}},
		Lists: []result.Request{
			list(ours, floorCase, jsonFormat, 100, 0, 0), list(ours, listOf10Case, jsonFormat, 132, 50, 200),
			list(plain, selectorCase, jsonFormat, 1320, 0, 0),
			list(ours, groups3Case, jsonFormat, 100, 0, 0), list(ours, groups300Case, jsonFormat, 110, 0, 0),
			list(ours, allCase, tableFormat, 100, 0, 0), list(plain, allCase, tableFormat, 200, 0, 0),
			{Server: ours, Name: listOf10Case, Format: jsonFormat, Clients: 8, MedianMicros: 1},
		},
		Events: []result.Latency{
			{Name: plain, WritesPerSecond: 150, P99Micros: 10}, {Name: ours, WritesPerSecond: 198.4, P99Micros: 15, Terminated: 1},
		},
	}
	want := []result.Ratio{
		{Name: "list of 10 / empty list", Value: 1.32, Target: 1.15},
		{Name: "list of 10 / empty list, compared with small", Value: 1.2, Target: 1.1},
		{Name: "label selector / list of 10", Value: 10, Target: 40, AtLeast: true},
		{Name: "list of 10 in 300 groups / in 3 groups", Value: 1.1, Target: 1.2, Holds: true},
		{Name: "processor time of a list of 10, server / kube-apiserver", Value: 0.25, Target: 1, Holds: true},
		{Name: "list of all, tenantview / kube-apiserver, Table", Value: 0.5, Target: 1.5, Holds: true},
		{Name: "seconds to ready, RoleBindings off", Value: 6, Target: 5},
		{Name: "MiB of resident memory, RoleBindings off", Value: 100, Target: 150, Holds: true},
		{Name: "p99 of events, tenantview / kube-apiserver, 200 writes per second", Value: 1.5, Target: 2, Holds: true},
		{Name: "watches that tenantview ended", Value: 1},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want, Ratios(medium, small), near); diff != "" {
		t.Errorf("ratios (-want +got):\n%s", diff)
	}
	if got := Ratios(&result.Result{Size: "medium"}, small); len(got) > 0 {
		t.Errorf("ratios without measurements: %+v", got)
	}
}

func TestCheckWatches(t *testing.T) {
	w, err := world.New(world.Params{Namespaces: 5_000})
	if err != nil {
		t.Fatal(err)
	}
	for watches, want := range map[int]bool{1_000: true, 10: true, 3_880: true, 3_890: false, 0: false, -10: false, 1_005: false} {
		if err := CheckWatches(w, watches); (err == nil) != want {
			t.Errorf("%d watches: %v", watches, err)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
)

// target is what a benchmark must reach.
type target struct {
	what string
	// units are those in which it is measured, the best first.
	units []string
	// of is the benchmark; against is the one that it is divided by, if it is not empty.
	of, against string
	// most is the highest value, or ratio, that is good enough.
	most float64
}

var (
	timeUnits  = []string{"cpu-ns/op", "ns/op"}
	allocUnits = []string{"allocs/op"}
)

func targets() []target {
	list := func(total, groups int) string {
		return fmt.Sprintf("BenchmarkList/visible=10/total=%d/groups=%d", total, groups)
	}
	apply := func(event string, namespaces int) string {
		return fmt.Sprintf("BenchmarkApply/event=%s/namespaces=%d/tenants=%d", event, namespaces, namespaces/10)
	}
	all := []target{
		{"list 10 of 10,000: time, against 1,000", timeUnits, list(10_000, 3), list(1_000, 3), 1.3},
		{"list 10 of 100,000: time, against 1,000", timeUnits, list(100_000, 3), list(1_000, 3), 1.3},
		{"list 10 of 100,000: allocations, against 1,000", allocUnits, list(100_000, 3), list(1_000, 3), 1.3},
		{"list in 300 groups: time, against 3", timeUnits, list(10_000, 300), list(10_000, 3), 3},
		{"list in 300 groups: allocations, against 3", allocUnits, list(10_000, 300), list(10_000, 3), 3},
	}
	for _, event := range []string{"namespace", "node-heartbeat", "tenant-owner", "tenant-creation-and-deletion"} {
		what := "apply " + event + " to 100,000: "
		all = append(all,
			target{what + "time, against 1,000", timeUnits, apply(event, 100_000), apply(event, 1_000), 3},
			target{what + "allocations, against 1,000", allocUnits, apply(event, 100_000), apply(event, 1_000), 3},
			target{what + "nanoseconds", timeUnits, apply(event, 100_000), "", 1e6},
		)
	}
	all = append(all,
		target{"watch: a change that 1 of 10,000 sees: time, against 1 of 1", timeUnits, "BenchmarkWatchOne/watchers=10000", "BenchmarkWatchOne/watchers=1", 1.5},
		target{"watch: a change that 10,000 see: encodings", []string{"encodings/op"}, "BenchmarkWatchAll", "", 1},
		target{"watch: a change that 10,000 see: nanoseconds for each", []string{"ns/watcher"}, "BenchmarkWatchAll", "", 2000},
		target{"watch: the same: milliseconds until others are told anything", []string{"held-ms/op"}, "BenchmarkWatchAll", "", 50},
		target{"watch: 10,000 that are idle: bytes of heap for each", []string{"heap-B/watch"}, "BenchmarkWatchIdle", "", 24 << 10},
		target{"watch: 10,000 that are idle: goroutines for each", []string{"goroutines/watch"}, "BenchmarkWatchIdle", "", 3},
		target{"watch: grant 1,000 objects to 1,000 who watch: milliseconds", []string{"held-ms/op"}, "BenchmarkWatchGrant/members=alike", "", 50},
		target{"watch: the same, to those who see other things, too", []string{"held-ms/op"}, "BenchmarkWatchGrant/members=apart", "", 50},
	)
	hostile := func(what string, units []string, most float64) target {
		return target{"hostile: " + what + ", against peace", units, "BenchmarkHostile/" + what + "/hostile", "BenchmarkHostile/" + what + "/peaceful", most}
	}
	all = append(all,
		hostile("list-nodes", timeUnits, 2),
		hostile("watch-nodes", timeUnits, 3),
		hostile("event", timeUnits, 3),
		hostile("rewrite", []string{"empty-p99-us"}, 10),
		target{"hostile: rewrite: nanoseconds until others are told anything", timeUnits, "BenchmarkHostile/rewrite/hostile", "", 20e6},
		target{"hostile: a role of 300,000 names with 2,000 bindings: nanoseconds", timeUnits, "BenchmarkClusterRoleOfManyNames", "", 10e6},
		target{"hostile: 1,500 selectors of 8 KB: KiB that authorization keeps, against k8s.io/apiserver's", []string{"kept-KiB"},
			"BenchmarkHostileQuestions/selectors/delegated", "BenchmarkHostileQuestions/selectors/k8s.io/apiserver", 0.01},
		target{"hostile: 1,500 names: access reviews, against k8s.io/apiserver's", []string{"reviews"},
			"BenchmarkHostileQuestions/names/delegated", "BenchmarkHostileQuestions/names/k8s.io/apiserver", 0.01},
		target{"hostile: a list with 1,000 values in its selector: time, against none", []string{"ms/list"},
			"BenchmarkHostileSelectors/values", "BenchmarkHostileSelectors/none", 20},
		target{"hostile: a watch with the largest selector: heap, against none", []string{"heap-B/watch"},
			"BenchmarkHostileSelectors/both", "BenchmarkHostileSelectors/none", 4},
		target{"hostile: a watch of large objects that nobody reads: bytes", []string{"B/watch"}, "BenchmarkHostileUnreadWatches", "", 64 << 10},
		target{"hostile: memory of 40 settings: MiB", []string{"MiB"}, "BenchmarkHostileMemory/settings=40", "", 16},
	)
	return append(all, target{"memory: bytes for each namespace", []string{"B/namespace"}, "BenchmarkNamespaceMemory/namespaces=100000", "", 1100})
}

// check prints what was reached of each target, and returns an error if one was missed or
// not measured.
func check(targets []target, measured results, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TARGET\tREACHED\tAT MOST\tRESULT")
	var errs []error
	for i := range targets {
		t := &targets[i]
		reached, err := t.reached(measured)
		result := "ok"
		if err == nil && reached > t.most {
			err = fmt.Errorf("%s: %s, at most %s", t.what, t.format(reached), t.format(t.most))
			result = "MISSED"
		} else if err != nil {
			result = "NOT MEASURED"
		}
		if err != nil {
			errs = append(errs, err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.what, t.format(reached), t.format(t.most), result)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return errors.Join(errs...)
}

func (t *target) reached(measured results) (float64, error) {
	value, err := measured.median(t.of, t.units...)
	if err != nil || t.against == "" {
		return value, err
	}
	base, err := measured.median(t.against, t.units...)
	if err != nil {
		return 0, err
	}
	return value / base, nil
}

func (t *target) format(value float64) string {
	if t.against == "" {
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.2fx", value)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"capsule.dev/tenantview/hack/bench/result"
)

// listsSection shows all requests: for each size those of one client, then those of several.
func listsSection(results []*result.Result) string {
	if len(results) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`## Requests

Bytes are as transferred, after compression. CPU is the time that each server spends on one request; that of
kube-apiserver includes the way to tenantview. The p99 of fewer than 100 requests is about the slowest of them. The
server remembers the JSON of objects that have been listed, as it does when users list again and again; one case lists
only objects that have changed since.

`)
	for _, r := range results {
		b.WriteString("### " + heading(r) + "\n\n")
		single := newTable(3, "One client", "Server", "Format", "Requests", "Items", "Bytes", "Median", "p99",
			"CPU of tenantview", "CPU of kube-apiserver")
		several := newTable(3, "Several clients", "Server", "Format", "Clients", "Median", "p99", "Requests per second")
		for i := range r.Lists {
			l := &r.Lists[i]
			if l.Clients == 1 {
				single.row(l.Name, l.Server, l.Format, count(l.Count), count(l.Items), size(uint64(l.Bytes)), duration(l.MedianMicros),
					duration(l.P99Micros), measured(l.ServerCPUMicros), measured(l.APIServerCPUMicros))
			}
		}
		for i := range r.Lists {
			if l := &r.Lists[i]; l.Clients > 1 {
				several.row(l.Name, l.Server, l.Format, count(l.Clients), duration(l.MedianMicros), duration(l.P99Micros),
					digits(l.PerSecond))
			}
		}
		b.WriteString(single.String() + several.String())
		b.WriteString(image("Requests per second against clients, "+r.Size, r.Size+throughputPlot))
	}
	return b.String()
}

// heading names a size by what it holds.
func heading(r *result.Result) string {
	return strings.ToUpper(r.Size[:1]) + r.Size[1:] + ": " + count(namespaces(r)) + " namespaces"
}

// startSection shows the time to ready and the memory after it.
func startSection(results []*result.Result) string {
	if len(results) == 0 {
		return ""
	}
	t := newTable(2, "Server", "Size", "RoleBindings per namespace", "Ready after", "Resident memory", "Peak")
	for _, r := range results {
		for _, s := range r.Start {
			t.row(s.Name, r.Size, count(s.RoleBindings), digits(s.ReadySeconds)+" s", size(s.ResidentBytes), size(s.PeakBytes))
		}
	}
	return "## Start and memory\n\nResident memory includes the pages of the program, about 57 MiB. It is read when the server has been idle for 20\nseconds.\n\n" + t.String() +
		image("Resident memory and time to ready against the number of namespaces", growthPlot)
}

// memorySection shows how the memory of a server changes while it is used.
func memorySection(results []*result.Result) string {
	if len(results) == 0 {
		return ""
	}
	t := newTable(1, append([]string{"Resident memory (heap) through the run"}, sizesOf(results)...)...)
	for _, row := range pivot(results, func(r *result.Result) []result.Sample { return r.Memory },
		func(s result.Sample) string { return s.When },
		func(s result.Sample) string { return size(s.ResidentBytes) + " (" + size(s.HeapBytes) + ")" }) {
		t.row(row...)
	}
	return t.String()
}

// eventsSection shows how long after a write the watches hear of it.
func eventsSection(results []*result.Result) string {
	if len(results) == 0 {
		return ""
	}
	t := newTable(2, "Watches of", "Size", "Watches", "Writes per second", "Events", "p50", "p90", "p99", "Watches terminated")
	images := ""
	for _, r := range results {
		for i := range r.Events {
			e := &r.Events[i]
			terminated := count(e.Terminated)
			if e.Terminated > 0 {
				terminated = "**" + terminated + "**"
			}
			t.row(e.Name, r.Size, count(e.Watches), rate(e.WritesPerSecond), count(e.Count), duration(e.P50Micros),
				duration(e.P90Micros), duration(e.P99Micros), terminated)
		}
		images += image("Event latency, "+r.Size, r.Size+eventsPlot)
	}
	return "## Events\n\nThe latency of an event is the time from the write to its arrival at a watch.\n\n" + t.String() + images
}

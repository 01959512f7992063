// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"capsule.dev/tenantview/hack/bench/result"
)

// readme returns the text of the report.
func readme(results []result.Result) (string, error) {
	all := having(results, func(*result.Result) bool { return true })
	summary, err := summarySection(having(results, hasLists))
	if err != nil {
		return "", err
	}
	return strings.TrimRight(`<!-- Written by hack/bench/report from the JSON files in this folder. Do not edit. -->
# Benchmarks

How fast is tenantview, and does it stay so as the cluster grows? These are measurements on a real
kube-apiserver and etcd. All requests go through kube-apiserver, as those of users do.

`+summary+
		targetsSection(having(results, hasRatios))+
		runsSection(all)+
		listsSection(having(results, hasLists))+
		startSection(having(results, hasStart))+
		memorySection(having(results, hasMemory))+
		eventsSection(having(results, hasEvents)), "\n") + "\n", nil
}

// summarySection answers the question in three rows.
func summarySection(results []*result.Result) (string, error) {
	if len(results) == 0 {
		return "", nil
	}
	header := []string{"Median, one client"}
	for _, r := range results {
		header = append(header, count(namespaces(r))+" namespaces")
	}
	t := newTable(1, header...)
	for _, s := range []series{listSeries, selectorSeries, floorSeries} {
		row := []string{s.name}
		for _, r := range results {
			l, err := find(r, s.server, s.title, 1)
			if err != nil {
				return "", err
			}
			row = append(row, duration(l.MedianMicros))
		}
		t.row(row...)
	}
	return t.String() + image("Median time of a list against the number of namespaces", latencyPlot) +
		"The floor is what any request costs on its way through kube-apiserver to tenantview and back.\n\n", nil
}

func targetsSection(results []*result.Result) string {
	if len(results) == 0 {
		return ""
	}
	met, targets := 0, 0
	asked := map[string]string{}
	for _, row := range pivot(results, ratios, ratioName, target) {
		asked[row[0]] = targetOf(results, row[1:])
	}
	for _, r := range results {
		for _, ratio := range r.Ratios {
			if hasTarget(ratio) {
				targets++
				if ratio.Holds {
					met++
				}
			}
		}
	}
	t := newTable(2, append([]string{"", "Target"}, sizesOf(results)...)...)
	for _, row := range pivot(results, ratios, ratioName, verdict) {
		t.row(slices.Insert(row, 1, asked[row[0]])...)
	}
	return fmt.Sprintf("## Targets\n\n%d of %d targets are met.\n\n", met, targets) + t.String()
}

func ratios(r *result.Result) []result.Ratio { return r.Ratios }
func ratioName(r result.Ratio) string        { return r.Name }

// targetOf returns the target of a ratio, given that of each size. It names the sizes unless all have the
// same.
func targetOf(results []*result.Result, bySize []string) string {
	var texts, names, parts []string
	for i, text := range bySize {
		if text != none {
			texts = append(texts, text)
			names = append(names, results[i].Size)
			parts = append(parts, text+" ("+results[i].Size+")")
		}
	}
	switch {
	case len(texts) == 0:
		return none
	case len(slices.Compact(texts)) > 1:
		return strings.Join(parts, ", ")
	case len(names) < len(results):
		return texts[0] + " (" + strings.Join(names, ", ") + ")"
	default:
		return texts[0]
	}
}

// runsSection says what was measured, where, and how to do it again.
func runsSection(results []*result.Result) string {
	var b strings.Builder
	b.WriteString("## How it was measured\n\n```sh\n")
	for _, r := range results {
		fmt.Fprintf(&b, "make bench-e2e SIZE=%s\n", r.Size)
	}
	b.WriteString("```\n\n")
	t := newTable(1, append([]string{""}, sizesOf(results)...)...)
	for _, row := range pivot(results, about, func(f fact) string { return f.name }, func(f fact) string { return f.value }) {
		t.row(row...)
	}
	b.WriteString(t.String())
	return b.String()
}

// fact is what is known of a run.
type fact struct{ name, value string }

func about(r *result.Result) []fact {
	facts := []fact{
		{"Date", r.Date},
		{"Commit", "`" + r.Commit + "`"},
		{"Flags", cmp.Or(r.Flags, "none")},
		{"Seed", fmt.Sprint(r.Seed)},
		{"CPU", r.Machine.CPU},
		{"Cores", count(r.Machine.Cores)},
		{"Memory", size(r.Machine.MemoryBytes)},
		{"Kernel", r.Machine.Kernel},
		{"Go", r.Machine.GoVersion},
		{"Kubernetes", r.Machine.KubernetesVersion},
	}
	for _, o := range r.Objects {
		facts = append(facts, fact{"`" + o.Resource + "`", count(o.Count)})
	}
	return facts
}

// sizesOf returns the names of the sizes, for a header.
func sizesOf(results []*result.Result) []string {
	names := make([]string, 0, len(results))
	for _, r := range results {
		names = append(names, r.Size)
	}
	return names
}

// image returns a paragraph with a plot.
func image(text, file string) string {
	return "![" + text + "](" + file + ")\n\n"
}

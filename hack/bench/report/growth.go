// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"gonum.org/v1/plot/plotter"

	"capsule.dev/tenantview/hack/bench/result"
)

// growthFigure shows resident memory and time to ready against the number of namespaces, a line for each
// way to start the server.
func growthFigure(results []*result.Result) (*figure, error) {
	memory := newPanel("Resident memory", "namespaces in the cluster", "MiB")
	ready := newPanel("Time to ready", "namespaces in the cluster", "seconds")
	f := &figure{title: "Memory and start of a server"}
	f.panels = append(f.panels, memory, ready)

	label := startLabel(results)
	var names []string
	bytes, seconds := map[string]plotter.XYs{}, map[string]plotter.XYs{}
	var xs []int
	for _, r := range results {
		x := namespaces(r)
		xs = append(xs, x)
		for _, s := range r.Start {
			name := label(s)
			if bytes[name] == nil {
				names = append(names, name)
			}
			bytes[name] = append(bytes[name], point(x, mebibytes(s.ResidentBytes)))
			seconds[name] = append(seconds[name], point(x, s.ReadySeconds))
		}
	}
	for i, name := range names {
		if err := f.line(memory, i, name, bytes[name]); err != nil {
			return nil, err
		}
		if _, err := addLine(ready, i, seconds[name]); err != nil {
			return nil, err
		}
	}
	for _, p := range f.panels {
		p.X.Min, p.X.Max = 0, float64(xs[len(xs)-1])*1.1
		p.X.Tick.Marker = ticksAt(xs)
		zeroY(p)
	}
	return f, nil
}

// startLabel returns a function that names a start. It names the number of RoleBindings if results differ
// in it.
func startLabel(results []*result.Result) func(result.Start) string {
	numbers := map[int]bool{}
	for _, r := range results {
		for _, s := range r.Start {
			numbers[s.RoleBindings] = true
		}
	}
	return func(s result.Start) string {
		if len(numbers) < 2 {
			return s.Name
		}
		return fmt.Sprintf("%s, %d RoleBindings per namespace", s.Name, s.RoleBindings)
	}
}

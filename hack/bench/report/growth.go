// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
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

	var names []string
	bytes, seconds := map[string]plotter.XYs{}, map[string]plotter.XYs{}
	var xs []int
	for _, r := range results {
		x := namespaces(r)
		xs = append(xs, x)
		for _, s := range r.Start {
			if bytes[s.Name] == nil {
				names = append(names, s.Name)
			}
			bytes[s.Name] = append(bytes[s.Name], point(x, mebibytes(s.ResidentBytes)))
			seconds[s.Name] = append(seconds[s.Name], point(x, s.ReadySeconds))
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"capsule.dev/tenantview/hack/bench/result"
)

// eventStyles are the styles of the measurements of each server, in their order.
var eventStyles = map[string][]int{tenantView: {0, 4}, kubeAPIServer: {1, 3}}

// eventsFigure shows the quantiles of event latency of one size as groups of bars.
func eventsFigure(r *result.Result) (*figure, error) {
	p := newPanel("", "", "ms from the write to the event")
	f := &figure{title: "Event latency at " + count(namespaces(r)) + " namespaces"}
	width := min(vg.Points(48), vg.Points(400)/vg.Length(3*len(r.Events)))
	seen := map[string]int{}
	for i := range r.Events {
		e := &r.Events[i]
		if seen[e.Name] == len(eventStyles[e.Name]) {
			return nil, fmt.Errorf("%s.json: events: more measurements of %s than the plot can tell apart", r.Size, e.Name)
		}
		style := styles[eventStyles[e.Name][seen[e.Name]]]
		seen[e.Name]++
		micros := []float64{e.P50Micros, e.P90Micros, e.P99Micros}
		values := make(plotter.Values, len(micros))
		labels := plotter.XYLabels{}
		for j, v := range micros {
			values[j] = v / 1000
			labels.XYs = append(labels.XYs, point(j, v/1000))
			labels.Labels = append(labels.Labels, duration(v))
		}
		bars, err := plotter.NewBarChart(values, width)
		if err != nil {
			return nil, err
		}
		offset := width * (vg.Length(i) - vg.Length(len(r.Events)-1)/2)
		bars.Color, bars.LineStyle.Width = style.colour, 0
		bars.Offset = offset
		text, err := plotter.NewLabels(labels)
		if err != nil {
			return nil, err
		}
		text.Offset = vg.Point{X: offset, Y: vg.Points(3)}
		for j := range text.TextStyle {
			text.TextStyle[j].Font, text.TextStyle[j].Color = sans(9), ink
			text.TextStyle[j].XAlign = draw.XCenter
		}
		p.Add(bars, text)
		f.add(describe(e), bars)
	}
	p.NominalX("p50", "p90", "p99")
	p.X.Min, p.X.Max = -0.5, 2.5
	zeroY(p)
	f.panels = append(f.panels, p)
	return f, nil
}

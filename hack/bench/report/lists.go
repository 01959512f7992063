// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"gonum.org/v1/plot/plotter"

	"capsule.dev/tenantview/hack/bench/result"
)

// series is a case as a line of a plot.
type series struct {
	name   string // in the legend
	server string
	title  string // in the results
}

var (
	listSeries     = series{"tenantview: list of 10 namespaces", tenantView, listCase}
	selectorSeries = series{"kube-apiserver: the same 10 by label selector", kubeAPIServer, selectorCase}
	floorSeries    = series{"floor: an empty list of tenantview", tenantView, floorCase}
)

// latencyFigure shows the median of lists against the number of namespaces.
func latencyFigure(results []*result.Result) (*figure, error) {
	p := newPanel("", "namespaces in the cluster", "median, ms")
	f := &figure{title: "Time of a list, one client"}
	var xs []int
	for _, r := range results {
		xs = append(xs, namespaces(r))
	}
	for i, s := range []series{listSeries, selectorSeries, floorSeries} {
		var points plotter.XYs
		for _, r := range results {
			l, err := find(r, s.server, s.title, 1)
			if err != nil {
				return nil, err
			}
			points = append(points, point(namespaces(r), l.MedianMicros/1000))
		}
		if err := f.line(p, i, s.name, points); err != nil {
			return nil, err
		}
	}
	logX(p, xs)
	logY(p)
	f.panels = append(f.panels, p)
	return f, nil
}

// throughputFigure shows the requests per second of one size against the number of clients.
func throughputFigure(r *result.Result) (*figure, error) {
	p := newPanel("", "clients at the same time", "requests per second")
	f := &figure{title: "Throughput at " + count(namespaces(r)) + " namespaces"}
	xs := clients(r, tenantView, listCase)
	for i, s := range []series{listSeries, selectorSeries} {
		var points plotter.XYs
		for _, x := range xs {
			l, err := find(r, s.server, s.title, x)
			if err != nil {
				return nil, err
			}
			points = append(points, point(x, l.PerSecond))
		}
		if err := f.line(p, i, s.name, points); err != nil {
			return nil, err
		}
	}
	logX(p, xs)
	logY(p)
	f.panels = append(f.panels, p)
	return f, nil
}

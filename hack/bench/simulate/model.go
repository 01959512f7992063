// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"

	"capsule.dev/tenantview/hack/bench/simulate/fit"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
)

// term is something that a cluster has a number of, and that costs something.
type term struct {
	name string
	// resource is the resource in upstream.Sent; "" if it is none.
	resource string
	count    func(shape.Shape) int
}

// terms are the terms of the model. What every cluster has, such as classes, counts as part of the process.
var terms = []term{
	{"The process", "", func(shape.Shape) int { return 1 }},
	{"A namespace", "namespaces", func(s shape.Shape) int { return s.Namespaces }},
	{"A Tenant with two owners", "tenants", func(s shape.Shape) int { return s.Tenants }},
	{"A further owner of a Tenant", "", func(s shape.Shape) int { return s.Owners }},
	{"A RoleBinding", "rolebindings", func(s shape.Shape) int { return s.RoleBindings }},
	{"The first RoleBinding of a namespace, in addition", "", func(s shape.Shape) int { return min(s.RoleBindings, s.Namespaces) }},
	{"A ProxySetting", "proxysettings", func(s shape.Shape) int { return s.ProxySettings }},
	{"A node", "nodes", func(s shape.Shape) int { return s.Nodes }},
	{"A volume", "persistentvolumes", func(s shape.Shape) int { return s.Volumes }},
}

// quantity is something that the model predicts.
type quantity struct {
	name string
	of   func(*entry) float64
	// show formats a value, and showOne the cost of one object.
	show, showOne func(float64) string
}

const (
	heapQuantity = 0
	cpuQuantity  = 3
)

var quantities = []quantity{
	heapQuantity: {"Live heap", func(e *entry) float64 { return float64(e.Measured.Memory.HeapBytes) }, mebibytes, bytesOf},
	{"Resident", func(e *entry) float64 { return float64(e.Measured.Memory.ResidentBytes) }, mebibytes, bytesOf},
	{"Peak while reading", func(e *entry) float64 { return float64(e.Measured.PeakBytes) }, mebibytes, bytesOf},
	cpuQuantity: {"CPU to read", func(e *entry) float64 { return e.Measured.LoadCPUSeconds }, seconds, micros},
}

// model has the coefficients of the terms, for each quantity.
type model [][]float64

// newModel fits a model to the runs that are for it.
func newModel(r *results) (model, error) {
	m := make(model, len(quantities))
	for q := range quantities {
		var x [][]float64
		var y []float64
		for i := range r.Runs {
			if e := &r.Runs[i]; e.Fitted {
				x, y = append(x, values(e.Shape)), append(y, quantities[q].of(e))
			}
		}
		var err error
		if m[q], err = fit.NotNegative(x, y); err != nil {
			return nil, fmt.Errorf("%s: %w", quantities[q].name, err)
		}
	}
	return m, nil
}

func values(s shape.Shape) []float64 {
	x := make([]float64, len(terms))
	for i, t := range terms {
		x[i] = float64(t.count(s))
	}
	return x
}

// predict returns a quantity of a cluster.
func (m model) predict(quantity int, s shape.Shape) float64 {
	return fit.Predict(m[quantity], values(s))
}

// deviation returns by which part of the measurement a prediction is too large.
func (m model) deviation(quantity int, e *entry) float64 {
	return m.predict(quantity, e.Shape)/quantities[quantity].of(e) - 1
}

// largest returns the largest deviation of the fitted runs.
func (m model) largest(quantity int, r *results) float64 {
	largest := 0.0
	for i := range r.Runs {
		if e := &r.Runs[i]; e.Fitted {
			largest = max(largest, math.Abs(m.deviation(quantity, e)))
		}
	}
	return largest
}

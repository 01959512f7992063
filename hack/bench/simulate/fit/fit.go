// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fit fits linear models to measurements.
package fit

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// NotNegative is Linear for coefficients that cannot be negative: those which noise would make negative are 0. No x is
// negative.
func NotNegative(x [][]float64, y []float64) ([]float64, error) {
	var left []int // the columns that are not 0
	for j := range x[0] {
		left = append(left, j)
	}
	for {
		some := make([][]float64, len(x))
		for i := range x {
			for _, j := range left {
				some[i] = append(some[i], x[i][j])
			}
		}
		c, err := Linear(some, y)
		if err != nil {
			return nil, err
		}
		least := slices.Index(c, slices.Min(c))
		if c[least] < 0 {
			left = slices.Delete(left, least, least+1)
			continue
		}
		all := make([]float64, len(x[0]))
		for i, j := range left {
			all[j] = c[i]
		}
		return all, nil
	}
}

// Linear returns the coefficients c for which the sum of the squares of the relative errors of c·x is least. Each x has
// the same number of values, and the values y are positive. The relative error counts, since an error of 10 MB is large
// for a small cluster and small for a large one. It returns an error if the measurements do not determine all
// coefficients.
func Linear(x [][]float64, y []float64) ([]float64, error) {
	if len(x) == 0 || len(x) != len(y) {
		return nil, fmt.Errorf("%d measurements of %d values", len(x), len(y))
	}
	n := len(x[0])
	if len(x) < n {
		return nil, fmt.Errorf("%d measurements do not determine %d coefficients", len(x), n)
	}
	// Columns of very different size would make the equations look singular.
	scales := make([]float64, n)
	for _, row := range x {
		for j, v := range row {
			scales[j] = max(scales[j], v)
		}
	}
	a, ones := mat.NewDense(len(x), n, nil), mat.NewVecDense(len(x), nil)
	for i, row := range x {
		if y[i] <= 0 {
			return nil, fmt.Errorf("measurement %d is %v, must be positive", i, y[i])
		}
		for j, v := range row {
			if scales[j] == 0 {
				return nil, fmt.Errorf("value %d is 0 in all measurements", j)
			}
			a.Set(i, j, v/scales[j]/y[i])
		}
		ones.SetVec(i, 1)
	}
	var c mat.VecDense
	if err := c.SolveVec(a, ones); err != nil {
		return nil, fmt.Errorf("the measurements do not determine the coefficients: %w", err)
	}
	coefficients := make([]float64, n)
	for j := range coefficients {
		coefficients[j] = c.AtVec(j) / scales[j]
	}
	return coefficients, nil
}

// Predict returns c·x.
func Predict(c, x []float64) float64 {
	sum := 0.0
	for j := range c {
		sum += c[j] * x[j]
	}
	return sum
}

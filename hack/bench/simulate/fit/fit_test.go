// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package fit_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"capsule.dev/tenantview/hack/bench/simulate/fit"
)

// Known coefficients come back from measurements with noise, though they differ by orders of magnitude.
func TestLinear(t *testing.T) {
	want := []float64{30e6, 1_700, 12_000, 350}
	r := rand.New(rand.NewPCG(1, 2))
	var x [][]float64
	var y []float64
	for range 200 {
		row := []float64{1, float64(r.IntN(200_000)), float64(r.IntN(20_000)), float64(r.IntN(2_000_000))}
		x = append(x, row)
		y = append(y, fit.Predict(want, row)*(1+0.02*r.NormFloat64()))
	}
	got, err := fit.Linear(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for j := range want {
		if math.Abs(got[j]/want[j]-1) > 0.05 {
			t.Errorf("coefficient %d is %v, want about %v", j, got[j], want[j])
		}
	}
}

// Of two measurements that contradict each other, the smaller one counts as much as the larger one.
func TestRelativeErrors(t *testing.T) {
	got, err := fit.Linear([][]float64{{1}, {1_000}}, []float64{1.1, 900})
	if err != nil {
		t.Fatal(err)
	}
	// The errors are got/1.1-1 and got/0.9-1, and their squares are least in total here.
	want := (1/1.1 + 1/0.9) / (1/1.1/1.1 + 1/0.9/0.9)
	if math.Abs(got[0]-want) > 1e-9 {
		t.Errorf("got %v, want %v", got[0], want)
	}
}

// A cost that the measurements only seem to make negative is 0, and the others are those that fit best without it.
func TestNotNegative(t *testing.T) {
	x := [][]float64{{1, 10, 0}, {1, 20, 0}, {1, 30, 0}, {1, 30, 5}}
	y := []float64{9, 19.5, 30, 40}
	if c, err := fit.Linear(x, y); err != nil || c[0] >= 0 {
		t.Fatalf("the example has no negative coefficient: %v, %v", c, err)
	}
	c, err := fit.NotNegative(x, y)
	if err != nil || c[0] != 0 || math.Abs(c[1]-0.96) > 0.03 || math.Abs(c[2]-2) > 0.5 {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestNotDetermined(t *testing.T) {
	for want, test := range map[string]struct {
		x [][]float64
		y []float64
	}{
		"2 coefficients":                    {[][]float64{{1, 2}}, []float64{1}},
		"0 measurements":                    {nil, nil},
		"value 1 is 0":                      {[][]float64{{1, 0}, {2, 0}}, []float64{1, 2}},
		"positive":                          {[][]float64{{1}}, []float64{0}},
		"do not determine the coefficients": {[][]float64{{1, 2}, {2, 4}, {3, 6}}, []float64{1, 2, 3}},
	} {
		if c, err := fit.Linear(test.x, test.y); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v: got %v, %v, want an error with %q", test.x, test.y, c, err, want)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// ticksAt returns ticks at these values, labelled with their whole numbers.
func ticksAt(values []int) plot.ConstantTicks {
	ticks := make(plot.ConstantTicks, 0, len(values))
	for _, v := range values {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: count(v)})
	}
	return ticks
}

// logX makes the x axis logarithmic, with ticks at the values that were measured.
func logX(p *plot.Plot, values []int) {
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = ticksAt(values)
	p.X.Min = float64(values[0]) / 1.4
	p.X.Max = float64(values[len(values)-1]) * 1.4
}

// logY makes the y axis logarithmic, from and to a value of 1, 2 or 5 times a power of ten.
func logY(p *plot.Plot) {
	var ticks plot.ConstantTicks
	low, high := p.Y.Min/1.1, p.Y.Max*1.1
	many := high/low > 1000
	begin := 0.0
	for exponent := math.Floor(math.Log10(low)); ; exponent++ {
		for _, step := range []float64{1, 2, 5} {
			v := step * math.Pow(10, exponent)
			if v <= low {
				begin = v
				ticks = nil
			}
			label := exactTick(v)
			if many && step != 1 {
				label = ""
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
			if v >= high {
				p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, ticks
				p.Y.Min, p.Y.Max = begin, v
				return
			}
		}
	}
}

// zeroY lets the y axis begin at zero.
func zeroY(p *plot.Plot) {
	p.Y.Min = 0
	p.Y.Max *= 1.08
	p.Y.Tick.Marker = separated{}
}

// separated are the default ticks, with thousands separated in their labels.
type separated struct{}

func (separated) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = exactTick(ticks[i].Value)
		}
	}
	return ticks
}

// exactTick labels a tick. The values of ticks are round: three digits are all they have.
func exactTick(v float64) string {
	if v >= 1 && v == math.Trunc(v) {
		return count(int(v))
	}
	rounded := math.Round(v*1e6) / 1e6
	return exact(rounded)
}

// point is one point of a line.
func point(x int, y float64) plotter.XY {
	return plotter.XY{X: float64(x), Y: y}
}

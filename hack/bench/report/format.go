// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"strconv"
	"strings"

	"capsule.dev/tenantview/hack/bench/result"
)

// none stands in tables for what was not measured.
const none = "–"

// digits returns a number with three significant digits, and thousands separated.
func digits(v float64) string {
	return significant(v, 3)
}

// significant returns a number of at least 0 with n significant digits.
func significant(v float64, n int) string {
	if v == 0 {
		return "0"
	}
	// Round first: 999.6 has three digits before the point, its rounded value has four.
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', n-1, 64), 64)
	decimals := max(0, n-1-int(math.Floor(math.Log10(rounded))))
	text := strconv.FormatFloat(rounded, 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	return separate(whole) + fraction
}

// rate returns a number per second, or one of another kind that may be whole: whole if it is, else with three
// digits.
func rate(v float64) string {
	if v == math.Trunc(v) {
		return count(int(v))
	}
	return digits(v)
}

// exact returns a number with all its digits, as it was written.
func exact(v float64) string {
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// count returns a whole number with thousands separated.
func count(n int) string {
	return separate(strconv.Itoa(n))
}

func separate(whole string) string {
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole
}

// duration returns microseconds as µs below 1 ms, else as ms.
func duration(micros float64) string {
	if micros < 999.5 {
		return digits(micros) + " µs"
	}
	return digits(micros/1000) + " ms"
}

// measured is duration for what is 0 if it was not measured.
func measured(micros float64) string {
	if micros == 0 {
		return none
	}
	return duration(micros)
}

// size returns bytes in the largest binary unit that they fill.
func size(bytes uint64) string {
	v, unit := float64(bytes), 0
	units := []string{"B", "KiB", "MiB", "GiB"}
	for v >= 1023.5 && unit < len(units)-1 {
		v /= 1024
		unit++
	}
	if unit == 0 {
		return count(int(bytes)) + " B"
	}
	return digits(v) + " " + units[unit]
}

// mebibytes is for the axes of plots.
func mebibytes(bytes uint64) float64 {
	return float64(bytes) / (1 << 20)
}

// target returns what is asked of a ratio.
func target(r result.Ratio) string {
	switch {
	case !hasTarget(r):
		return none
	case r.AtLeast:
		return "at least " + exact(r.Target)
	default:
		return "at most " + exact(r.Target)
	}
}

// verdict returns the value of a ratio, and whether it meets its target. A value that misses it has as many
// digits as it takes to see that.
func verdict(r result.Ratio) string {
	value := rate(r.Value)
	switch {
	case !hasTarget(r):
		return value
	case r.Holds:
		return value + ", met"
	}
	n := 3
	for significant(r.Value, n) == significant(r.Target, n) {
		n++
	}
	if n > 3 {
		value = significant(r.Value, n)
	}
	return "**" + value + ", missed**"
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// count returns a whole number with thousands separated.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// round returns a number with two significant digits, or as a whole number if it has more before the point.
func round(v float64) string {
	if rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 1, 64), 64); err == nil && v < 100 {
		v = rounded
	}
	digits := 0
	for limit := 10.0; digits < 3 && v < limit && v > 0; limit /= 10 {
		digits++
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	whole, fraction, found := strings.Cut(text, ".")
	n, _ := strconv.Atoi(whole)
	if !found {
		return count(n)
	}
	return count(n) + "." + fraction
}

func mebibytes(v float64) string { return round(v/(1<<20)) + " MiB" }

// bytesOf returns a number of bytes in a unit that suits it.
func bytesOf(v float64) string {
	switch {
	case v >= 1<<20:
		return mebibytes(v)
	case v >= 1000:
		return round(v/1000) + " KB"
	default:
		return round(v) + " B"
	}
}

func seconds(v float64) string { return round(v) + " s" }

// micros returns a time in seconds in a unit that suits it.
func micros(v float64) string {
	if v >= 0.01 {
		return seconds(v)
	}
	return round(v*1e6) + " µs"
}

// percent returns a deviation with its sign.
func percent(v float64) string { return fmt.Sprintf("%+.0f %%", math.Round(100*v)) }

// table is a table in Markdown. The first column holds text, the others numbers.
type table struct{ lines []string }

func newTable(header ...string) *table {
	t := &table{}
	t.row(header...)
	t.lines = append(t.lines, "|---|"+strings.Repeat("---:|", len(header)-1))
	return t
}

func (t *table) row(cells ...string) {
	t.lines = append(t.lines, "| "+strings.Join(cells, " | ")+" |")
}

func (t *table) String() string { return strings.Join(t.lines, "\n") + "\n" }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"capsule.dev/tenantview/hack/bench/result"
)

func TestFormat(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{duration(0.1234), "0.123 µs"},
		{duration(85.04), "85.0 µs"},
		{duration(999.4), "999 µs"},
		{duration(999.5), "1.00 ms"},
		{duration(1222), "1.22 ms"},
		{duration(99960), "100 ms"},
		{duration(1234567), "1,230 ms"},
		{measured(0), none},
		{measured(12), "12.0 µs"},
		{size(0), "0 B"},
		{size(111), "111 B"},
		{size(1023), "1,023 B"},
		{size(1024), "1.00 KiB"},
		{size(150 << 20), "150 MiB"},
		{size(1 << 40), "1,020 GiB"},
		{count(999), "999"},
		{count(1234567), "1,234,567"},
		{rate(50), "50"},
		{rate(197.36), "197"},
		{digits(0), "0"},
		{digits(0.01234), "0.0123"},
		{exact(1.15), "1.15"},
		{exactTick(0.2), "0.2"},
		{exactTick(20000), "20,000"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for want, r := range map[string]result.Ratio{
		"1.23":               {Value: 1.234},
		"0, met":             {Name: endedRatio, Holds: true},
		"**2, missed**":      {Name: endedRatio, Value: 2},
		"1.10, met":          {Value: 1.1, Target: 1.15, Holds: true},
		"**1.20, missed**":   {Value: 1.2, Target: 1.15},
		"**1.1501, missed**": {Value: 1.15012345, Target: 1.15},
	} {
		if got := verdict(r); got != want {
			t.Errorf("%+v: got %q, want %q", r, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	table := newTable(1, "a", "b")
	table.row("x|y", "1")
	if got, want := table.String(), "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

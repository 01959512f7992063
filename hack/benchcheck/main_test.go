// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const output = `goos: linux
pkg: example.com/a
BenchmarkA/size=1-8         	     100	       300 ns/op	       100 cpu-ns/op	   10 allocs/op
BenchmarkA/size=1-8         	     100	       900 ns/op	       900 cpu-ns/op	   10 allocs/op
BenchmarkA/size=1-8         	     100	       310 ns/op	       110 cpu-ns/op	   10 allocs/op
I1121 22:57:45 a line of a log
BenchmarkA/size=2-8         	     100	       400 ns/op	       220 cpu-ns/op	   10 allocs/op
BenchmarkA/size=2-8         	     100	       200 ns/op	       440 cpu-ns/op	   10 allocs/op
BenchmarkMemory-8           	       1	         1 ns/op	      12.5 B/thing
--- BENCH: BenchmarkNoise
PASS
`

func TestParse(t *testing.T) {
	got, err := parse(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	want := results{
		"BenchmarkA/size=1": {"ns/op": {300, 900, 310}, "cpu-ns/op": {100, 900, 110}, "allocs/op": {10, 10, 10}},
		"BenchmarkA/size=2": {"ns/op": {400, 200}, "cpu-ns/op": {220, 440}, "allocs/op": {10, 10}},
		"BenchmarkMemory":   {"ns/op": {1}, "B/thing": {12.5}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if _, err := parse(strings.NewReader("BenchmarkA-8 1 fast ns/op\n")); err == nil {
		t.Error("no error of a value that is no number")
	}
}

func TestCheck(t *testing.T) {
	one, two, memory := "BenchmarkA/size=1", "BenchmarkA/size=2", "BenchmarkMemory"
	for name, tc := range map[string]struct {
		target    target
		row, fail string
	}{
		"ratio of medians":      {target{"a", timeUnits, two, one, 3}, "a 3.00x 3.00x ok", ""},
		"ratio, missed":         {target{"a", timeUnits, two, one, 2.9}, "a 3.00x 2.90x MISSED", "a: 3.00x, at most 2.90x"},
		"second unit":           {target{"a", []string{"none", "ns/op"}, two, one, 1}, "a 0.97x 1.00x ok", ""},
		"value":                 {target{"a", []string{"B/thing"}, memory, "", 13}, "a 12 13 ok", ""},
		"value, missed":         {target{"a", []string{"B/thing"}, memory, "", 11}, "a 12 11 MISSED", "a: 12, at most 11"},
		"not measured":          {target{"a", timeUnits, "BenchmarkB", one, 1}, "a 0.00x 1.00x NOT MEASURED", "BenchmarkB: no cpu-ns/op was measured"},
		"not measured, against": {target{"a", timeUnits, one, "BenchmarkB", 1}, "a 0.00x 1.00x NOT MEASURED", "BenchmarkB: no cpu-ns/op was measured"},
	} {
		t.Run(name, func(t *testing.T) {
			measured, err := parse(strings.NewReader(output))
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err = check([]target{tc.target}, measured, &out)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if got := strings.Join(strings.Fields(lines[len(lines)-1]), " "); got != tc.row {
				t.Errorf("row %q, want %q", got, tc.row)
			}
			if got := fmt.Sprint(err); (err == nil) != (tc.fail == "") || err != nil && got != tc.fail {
				t.Errorf("error %v, want %q", err, tc.fail)
			}
		})
	}
}

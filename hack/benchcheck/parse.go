// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results are what was measured of each benchmark: by its name, and by unit.
type results map[string]map[string][]float64

// processors is what go test adds to a name: on how many the benchmark ran.
var processors = regexp.MustCompile(`-\d+$`)

// parse reads the format of https://go.dev/design/14313-benchmark-format.
func parse(in io.Reader) (results, error) {
	found := results{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(fields[0], "")
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("reading %q: %w", lines.Text(), err)
			}
			if found[name] == nil {
				found[name] = map[string][]float64{}
			}
			found[name][fields[i+1]] = append(found[name][fields[i+1]], value)
		}
	}
	return found, lines.Err()
}

// median returns the median of the first of the units that was measured.
func (r results) median(name string, units ...string) (float64, error) {
	for _, unit := range units {
		if values := slices.Sorted(slices.Values(r[name][unit])); len(values) > 0 {
			middle := len(values) / 2
			if len(values)%2 == 0 {
				return (values[middle-1] + values[middle]) / 2, nil
			}
			return values[middle], nil
		}
	}
	return 0, fmt.Errorf("%s: no %s was measured", name, units[0])
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

var promql = parser.NewParser(parser.Options{})

// series is a series with two samples that are one interval apart.
type series struct {
	labels labels.Labels
	first  float64
	second float64
}

// readRecordings returns the recorded series by state. Each state is a file of lines: a series and its two
// samples.
func readRecordings(dir string) (map[string][]series, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.prom"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no recordings in %s (%w)", dir, err)
	}
	recordings := make(map[string][]series)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		state := strings.TrimSuffix(filepath.Base(file), ".prom")
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			s, err := readSeries(line)
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", file, line, err)
			}
			recordings[state] = append(recordings[state], s)
		}
	}
	return recordings, nil
}

func readSeries(line string) (series, error) {
	second := strings.LastIndexByte(line, ' ')
	first := strings.LastIndexByte(line[:max(second, 0)], ' ')
	if first < 0 {
		return series{}, fmt.Errorf("want a series and two samples")
	}
	var s series
	var err error
	if s.labels, err = promql.ParseMetric(line[:first]); err != nil {
		return series{}, err
	}
	if s.first, err = strconv.ParseFloat(line[first+1:second], 64); err != nil {
		return series{}, err
	}
	s.second, err = strconv.ParseFloat(line[second+1:], 64)
	return s, err
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"capsule.dev/tenantview/hack/bench/result"
)

// render returns the files of the report by name: README.md and the plots that it shows.
func render(results []result.Result) (map[string][]byte, error) {
	files := map[string][]byte{}
	add := func(name string, f *figure, err error) error {
		if err != nil {
			return err
		}
		if files[name], err = f.svg(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if with := having(results, hasLists); len(with) > 0 {
		f, err := latencyFigure(with)
		if err := add(latencyPlot, f, err); err != nil {
			return nil, err
		}
		for _, r := range with {
			f, err := throughputFigure(r)
			if err := add(r.Size+throughputPlot, f, err); err != nil {
				return nil, err
			}
		}
	}
	if with := having(results, hasStart); len(with) > 0 {
		f, err := growthFigure(with)
		if err := add(growthPlot, f, err); err != nil {
			return nil, err
		}
	}
	for _, r := range having(results, hasEvents) {
		f, err := eventsFigure(r)
		if err := add(r.Size+eventsPlot, f, err); err != nil {
			return nil, err
		}
	}
	readme, err := readme(results)
	if err != nil {
		return nil, err
	}
	files["README.md"] = []byte(readme)
	return files, nil
}

// Names of the plots; those of one size follow its name.
const (
	latencyPlot    = "list-latency.svg"
	growthPlot     = "growth.svg"
	throughputPlot = "-throughput.svg"
	eventsPlot     = "-events.svg"
)

func hasLists(r *result.Result) bool  { return len(r.Lists) > 0 }
func hasStart(r *result.Result) bool  { return len(r.Start) > 0 }
func hasEvents(r *result.Result) bool { return len(r.Events) > 0 }
func hasRatios(r *result.Result) bool { return len(r.Ratios) > 0 }
func hasMemory(r *result.Result) bool { return len(r.Memory) > 0 }

// having returns the results that hold some part: a run may measure some parts only.
func having(results []result.Result, has func(*result.Result) bool) []*result.Result {
	var some []*result.Result
	for i := range results {
		if has(&results[i]) {
			some = append(some, &results[i])
		}
	}
	return some
}

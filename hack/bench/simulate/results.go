// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"capsule.dev/tenantview/hack/bench/result"
	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/hack/bench/simulate/upstream"
)

// results are the measurements of one run of the program.
type results struct {
	// Date is the day of the run, as in 2026-11-27.
	Date    string         `json:"date"`
	Commit  string         `json:"commit"`
	Machine result.Machine `json:"machine"`
	Runs    []entry        `json:"runs"`
	Servers []serverEntry  `json:"servers"`
}

// entry is what was measured in one process.
type entry struct {
	engine.Config
	// Fitted says whether the model is fitted to it. Otherwise it checks the model.
	Fitted   bool                     `json:"fitted"`
	Measured engine.Measured          `json:"measured"`
	Sent     map[string]upstream.Sent `json:"sent"`
}

// serverEntry is what was measured of a whole server.
type serverEntry struct {
	Shape  shape.Shape   `json:"shape"`
	Memory engine.Memory `json:"memory"`
	// List is the processor time of the server for a list of 10 over HTTPS.
	List engine.Cost `json:"list"`
	// BeforeWatches is the memory after the lists, and WatchMemory that with watches of clients.
	BeforeWatches engine.Memory `json:"beforeWatches"`
	WatchMemory   engine.Memory `json:"watchMemory"`
	Watches       int           `json:"watches"`
}

// readResults returns an error if there are none.
func readResults(file string) (*results, error) {
	var r results
	if err := result.ReadFile(file, &r); err != nil {
		return nil, err
	}
	if len(r.Runs) == 0 {
		return nil, fmt.Errorf("%s holds no results: run make bench-scale first", file)
	}
	return &r, nil
}

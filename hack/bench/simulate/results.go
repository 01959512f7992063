// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

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

func writeResults(file string, r *results) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// readResults refuses fields that it does not know: a misspelt one would read as zero.
func readResults(file string) (*results, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r results
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(r.Runs) == 0 {
		return nil, fmt.Errorf("%s holds no results: run make bench-scale first", file)
	}
	return &r, nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"capsule.dev/tenantview/hack/bench/result"
)

// sizes are the sizes that a run can have, in the order of the report.
var sizes = []string{"small", "medium", "large"}

// readResults returns the results in the folder in the order of their sizes. A size may be missing, but not
// all. An error names the file and what is wrong with it.
func readResults(dir string) ([]result.Result, error) {
	var results []result.Result
	for _, size := range sizes {
		path := filepath.Join(dir, size+".json")
		r, err := result.Read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if r.Size != size {
			return nil, fmt.Errorf("%s: size is %q, must be %q as in the file's name", path, r.Size, size)
		}
		if err := validate(r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		results = append(results, *r)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("%s holds no results: run make bench-e2e SIZE=small first", dir)
	}
	return results, nil
}

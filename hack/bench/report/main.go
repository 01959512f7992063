// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Report writes README.md and plots from the results of the end-to-end benchmark, small.json, medium.json
// and large.json, into the folder that holds these. The same results give the same bytes. With -check it
// writes nothing and fails if the folder holds anything else.
//
// Usage: report [-check] [-dir=../../docs/benchmarks]
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	dir := flag.String("dir", filepath.Join("..", "..", "docs", "benchmarks"), "folder of the results and the report")
	check := flag.Bool("check", false, "fail if the report in the folder is not what the results give; write nothing")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintf(os.Stderr, "report: %v\n", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	results, err := readResults(dir)
	if err != nil {
		return err
	}
	files, err := render(results)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	old, err := stale(dir, files)
	if err != nil {
		return err
	}
	if check {
		return compare(dir, files, old)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return err
		}
	}
	for _, name := range old {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// stale returns the names of the plots in the folder that no result gives any more.
func stale(dir string, files map[string][]byte) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil {
		return nil, err
	}
	var old []string
	for _, path := range paths {
		if name := filepath.Base(path); files[name] == nil {
			old = append(old, name)
		}
	}
	return old, nil
}

// compare returns an error that names each file of the folder that is not as it should be.
func compare(dir string, files map[string][]byte, old []string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			errs = append(errs, fmt.Errorf("%s is missing", path))
		case err != nil:
			errs = append(errs, err)
		case !bytes.Equal(content, files[name]):
			errs = append(errs, fmt.Errorf("%s is not what the results give", path))
		}
	}
	for _, name := range old {
		errs = append(errs, fmt.Errorf("%s belongs to no result", filepath.Join(dir, name)))
	}
	if len(errs) > 0 {
		errs = append(errs, errors.New("run go run ./report in hack/bench"))
	}
	return errors.Join(errs...)
}

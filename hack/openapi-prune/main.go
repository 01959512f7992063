// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command openapi-prune drops from a file that openapi-gen wrote the
// definitions that no kept definition reaches. openapi-gen reads packages
// whole, but of k8s.io/api this project serves a small part only.
//
// Usage: openapi-prune -keep IMPORT_PATH_PREFIX... FILE
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var keep []string
	flag.Func("keep", "keep the definitions of packages with this import path or below it; may be repeated",
		func(prefix string) error {
			keep = append(keep, prefix)
			return nil
		})
	flag.Parse()
	if flag.NArg() != 1 || len(keep) == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := pruneFile(flag.Arg(0), keep); err != nil {
		fmt.Fprintln(os.Stderr, "openapi-prune:", err)
		os.Exit(1)
	}
}

func pruneFile(name string, keep []string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	out, err := prune(src, keep)
	if err != nil {
		return fmt.Errorf("pruning %s: %w", name, err)
	}
	return os.WriteFile(name, out, 0o644)
}

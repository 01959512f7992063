// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command benchcheck reads the output of go test -bench, prints what was reached of the
// project's targets, and fails if one is missed. Medians of several runs (-count) are
// compared, by processor time where it was measured.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchcheck:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	measured, err := parse(in)
	if err != nil {
		return err
	}
	return check(targets(), measured, out)
}

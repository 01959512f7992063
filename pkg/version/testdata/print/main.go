// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command print prints its version as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"capsule.dev/tenantview/pkg/version"
)

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(version.Get()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

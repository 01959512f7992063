// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// step runs one part of a command and prints a line about it with the time that it took. did is what was
// done, such as "started etcd"; an empty one prints nothing.
func step(run func() (did string, err error)) error {
	start := time.Now()
	did, err := run()
	if err == nil && did != "" {
		fmt.Printf("  %-58s %6.1fs\n", did, time.Since(start).Seconds())
	}
	return err
}

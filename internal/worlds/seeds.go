// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package worlds

import (
	"os"
	"strconv"
	"testing"
)

// SeedVariable is the environment variable with the seed of the only random run to replay.
const SeedVariable = "TENANTVIEW_TEST_SEED"

// Seeds returns the seeds of a test's random runs. It returns the one to replay, if set. Otherwise
// the environment variable decides how many seeds, or count if it is not set. A variable that is not
// a number fails the test.
func Seeds(t testing.TB, variable string, count uint64) []uint64 {
	t.Helper()
	if seed, ok := number(t, SeedVariable); ok {
		return []uint64{seed}
	}
	if n, ok := number(t, variable); ok {
		count = n
	}
	all := make([]uint64, count)
	for i := range all {
		all[i] = uint64(i)
	}
	return all
}

func number(t testing.TB, variable string) (uint64, bool) {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n, true
}

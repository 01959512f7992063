// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"path/filepath"
	"testing"
)

// Two runs must not write to the same etcd, or stop each other's programs.
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bench", "small-2")
	release, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(dir); err == nil {
		t.Error("a second run got the lock")
	}
	release()
	if release, err = lock(dir); err != nil {
		t.Fatalf("after the end of the first run: %v", err)
	}
	release()
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// Bounds of what is waited for. They decide nothing but when to give up.
const (
	Patience = 60 * time.Second
	interval = 20 * time.Millisecond
)

// Eventually waits until check returns nil. It is for what happens at some time after its cause, and then
// stays; the test fails with the last error if it does not happen.
func Eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	if err := Wait(t.Context(), check); err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}

// Wait is Eventually for those who have no test to fail.
func Wait(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-ticker.C:
		}
	}
}

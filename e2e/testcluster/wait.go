// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// Limits of waits. They only decide when to give up.
const (
	Patience = 60 * time.Second
	interval = 20 * time.Millisecond
)

// Eventually waits until check returns nil. It is for states that are reached some time after their cause, and
// then stay. If that does not happen, the test fails with the last error.
func Eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	if err := Wait(t.Context(), check); err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}

// Wait is like Eventually, but returns an error instead of failing a test.
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

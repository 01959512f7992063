// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const pollInterval = 50 * time.Millisecond

// errGiveUp ends a poll before its time: what is waited for can no longer happen.
var errGiveUp = errors.New("it cannot happen any more")

// poll calls check until it returns nil, an error that wraps errGiveUp, or timeout has passed. The error
// names what was waited for and the last reason why it was not there.
func poll(ctx context.Context, timeout time.Duration, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, errGiveUp) {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		// When the time is up in the middle of a check, the check before says more.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
			}
			return fmt.Errorf("waited %v for %s: %w", timeout, what, last)
		case <-ticker.C:
		}
	}
}

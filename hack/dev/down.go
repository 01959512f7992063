// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"capsule.dev/tenantview/e2e/controlplane"
)

// down stops what up started and leaves the state.
func (e *environment) down(ctx context.Context) error {
	if _, err := os.Stat(e.dir); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("nothing has been started")
		return nil
	}
	release, err := e.lock()
	if err != nil {
		return err
	}
	defer release()
	return e.stop(ctx)
}

func (e *environment) stop(ctx context.Context) error {
	cp, err := controlplane.Open(e.config)
	if err != nil {
		return err
	}
	var errs []error
	for i := len(controlplane.Components) - 1; i >= 0; i-- {
		c := controlplane.Components[i]
		errs = append(errs, step(func() (string, error) {
			if !cp.Running(c) {
				return "", nil
			}
			return "stopped " + string(c), cp.StopComponent(ctx, c)
		}))
	}
	return errors.Join(errs...)
}

// clean stops everything and removes the state, the keys and the programs.
func (e *environment) clean(ctx context.Context) error {
	if err := e.down(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(e.dir); err != nil {
		return err
	}
	fmt.Println("removed", e.relative(e.dir))
	return nil
}

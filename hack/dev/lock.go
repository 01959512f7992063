// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock keeps two commands from working on .run at the same time. The kernel releases it when this process
// ends.
func (e *environment) lock() (release func(), err error) {
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(e.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another make up, down, demo or clean is at work on %s", e.relative(e.dir))
	}
	return func() { f.Close() }, nil
}

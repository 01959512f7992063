// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/e2e/controlplane"
)

// Main runs the tests of a package with their own control plane and returns the exit code. The control plane
// follows config, except for its location. The server has the given flags. Main calls use with the cluster
// before it runs the tests.
func Main(m *testing.M, config controlplane.Config, flags []string, use func(context.Context, *Cluster) error) int {
	return mainWith(m, config, flags, func(ctx context.Context, cp *controlplane.ControlPlane) error {
		if err := cp.Install(ctx); err != nil {
			return err
		}
		_, err := cp.StartServer(ctx, flags...)
		return err
	}, use)
}

// MainWithoutServer is like Main, but installs and starts nothing of tenantview.
func MainWithoutServer(m *testing.M, config controlplane.Config, use func(context.Context, *Cluster) error) int {
	return mainWith(m, config, nil, func(context.Context, *controlplane.ControlPlane) error { return nil }, use)
}

// install puts into a control plane what the tests need.
type install = func(context.Context, *controlplane.ControlPlane) error

func mainWith(m *testing.M, config controlplane.Config, flags []string, prepare install, use func(context.Context, *Cluster) error) int {
	// An interrupted run must stop its programs, too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, m, config, flags, prepare, use)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return code
}

// run starts the control plane, runs the tests, and stops what it has started. It keeps the logs of a failed
// run.
func run(ctx context.Context, m *testing.M, config controlplane.Config, flags []string, prepare install, use func(context.Context, *Cluster) error) (code int, err error) {
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return 1, err
	}
	// The tests reuse the programs of make up, because building them takes minutes.
	config.BinDir = filepath.Join(root, ".run", "bin")
	if err := build.Programs(ctx, root, config.BinDir); err != nil {
		return 1, err
	}
	if config.Dir, err = os.MkdirTemp("", "tenantview-e2e-"); err != nil {
		return 1, err
	}
	defer func() {
		if code == 0 && err == nil {
			err = os.RemoveAll(config.Dir)
		} else {
			fmt.Fprintln(os.Stderr, "e2e: the logs are in", filepath.Join(config.Dir, "logs"))
		}
	}()
	cp, err := controlplane.Start(ctx, config)
	if err != nil {
		return 1, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		err = errors.Join(err, cp.Stop(stopping))
	}()
	go stopEarly(ctx, cp)
	if err := prepare(ctx, cp); err != nil {
		return 1, err
	}
	c, err := newCluster(cp, config, flags)
	if err != nil {
		return 1, err
	}
	if err := use(ctx, c); err != nil {
		return 1, err
	}
	return m.Run(), ctx.Err()
}

// stopEarly makes an interrupted run end soon: every test fails without a control plane. The programs are
// children of this process and die with it.
func stopEarly(ctx context.Context, cp *controlplane.ControlPlane) {
	<-ctx.Done()
	for _, c := range controlplane.Components {
		_ = cp.SignalComponent(c, syscall.SIGKILL)
	}
}

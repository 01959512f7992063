// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

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

	"capsule.dev/tenantview/e2e/controlplane"
)

// shared is the control plane of all tests. They run one after the other: some change the server's flags,
// stop it, or take kube-apiserver away. Each leaves all programs running and no object of its own.
var shared *cluster

func TestMain(m *testing.M) {
	// An interrupted run must stop its programs, too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := runAll(ctx, m)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// runAll starts the control plane, runs the tests, and stops what it has started. The logs of a run that
// failed are kept.
func runAll(ctx context.Context, m *testing.M) (code int, err error) {
	root, err := controlplane.RepositoryRoot(".")
	if err != nil {
		return 1, err
	}
	// The programs of make up serve the tests, too: building them takes minutes.
	bin := filepath.Join(root, ".run", "bin")
	if err := controlplane.Build(ctx, root, bin); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "tenantview-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() {
		if code == 0 && err == nil {
			err = os.RemoveAll(dir)
		} else {
			fmt.Fprintln(os.Stderr, "e2e: the logs are in", filepath.Join(dir, "logs"))
		}
	}()
	cp, err := controlplane.Start(ctx, controlplane.Config{
		Dir: dir, BinDir: bin,
		// Some tests need namespaces whose owner does not exist. The garbage collector would delete them.
		ControllerManagerFlags: []string{"--enable-garbage-collector=false"},
	})
	if err != nil {
		return 1, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		err = errors.Join(err, cp.Stop(stopping))
	}()
	go stopEarly(ctx, cp)
	if err := cp.Install(ctx); err != nil {
		return 1, err
	}
	if shared, err = newCluster(cp, dir, bin); err != nil {
		return 1, err
	}
	if _, err := cp.StartServer(ctx); err != nil {
		return 1, err
	}
	if err := shared.waitDiscovered(ctx); err != nil {
		return 1, err
	}
	return m.Run(), ctx.Err()
}

// stopEarly makes an interrupted run end soon: without a control plane every test fails. The programs are
// children of this process and die with it.
func stopEarly(ctx context.Context, cp *controlplane.ControlPlane) {
	<-ctx.Done()
	for _, c := range controlplane.Components {
		_ = cp.SignalComponent(c, syscall.SIGKILL)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command launch builds the command of hack/dev and becomes it: "go run ./hack/dev/launch demo". On a new
// machine "go run ./hack/dev demo" would say nothing for minutes while its imports are compiled; this one
// imports the standard library only, and shows what happens.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"capsule.dev/tenantview/e2e/build"
)

const firstTime = `The first time, this builds a real Kubernetes control plane from source: etcd, kube-apiserver,
kube-controller-manager, kubectl and tenantview. It downloads about 300 MB of modules and compiles
about 3,700 packages, which takes 6 to 15 minutes on two cores, less on more. All of it is kept:
later runs take seconds. You can interrupt it; the same command continues.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	path, err := prepare(ctx)
	stop()
	if err == nil {
		err = syscall.Exec(path, append([]string{path}, os.Args[1:]...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

// prepare builds the command of hack/dev and returns its path.
func prepare(ctx context.Context) (string, error) {
	if len(os.Args) < 2 {
		return "", errors.New("usage: go run ./hack/dev/launch COMMAND, with a command of hack/dev")
	}
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return "", err
	}
	binDir := filepath.Join(root, ".run", "bin")
	if !build.ControlPlaneBuilt(binDir) {
		fmt.Print(firstTime)
	}
	start := time.Now()
	display := build.NewDisplay(os.Stdout)
	path, compiled, err := build.Tool(ctx, root, binDir, display.Report)
	display.Close()
	if err != nil {
		return "", err
	}
	// One package or two are no news: they are what has just been edited.
	if compiled > 10 {
		fmt.Printf("  %-58s %6.1fs\n", "built the make tool", time.Since(start).Seconds())
	}
	return path, nil
}

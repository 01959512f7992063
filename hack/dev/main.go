// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command dev runs the development control plane for make: up, down, user, demo and clean.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/e2e/controlplane"
)

const usage = `usage: go run ./hack/dev COMMAND

  up     build what is missing, start the control plane in the background, wait until it serves
  down   stop what up started; the state in .run stays
  user   NAME=carol MEMBER_OF=a,b: write .run/carol.kubeconfig
  demo   up, fill the cluster with two tenants, show what each user sees
  clean  down, and remove .run

environment:
  TENANTVIEW_ETCD_PORT=16379  TENANTVIEW_ETCD_PEER_PORT=16380  TENANTVIEW_KUBE_APISERVER_PORT=16443
  TENANTVIEW_CONTROLLER_MANAGER_PORT=16257  TENANTVIEW_SERVER_PORT=16444
                     ports on loopback; up keeps them for the commands that follow
  CAPSULE_CRDS=DIR   install these CRDs instead of the project's own
  SERVER_FLAGS=...   more flags for tenantview-apiserver, separated by spaces
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// environment is what every command works on.
type environment struct {
	// root is the repository's folder, dir is its .run.
	root, dir string
	config    controlplane.Config
}

func run(ctx context.Context, args []string) error {
	commands := map[string]func(*environment, context.Context) error{
		"up": (*environment).up, "down": (*environment).down, "user": (*environment).user,
		"demo": (*environment).demo, "clean": (*environment).clean,
	}
	if len(args) != 1 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("no such command")
	}
	env, err := newEnvironment()
	if err != nil {
		return err
	}
	return commands[args[0]](env, ctx)
}

func newEnvironment() (*environment, error) {
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, ".run")
	ports, err := controlplane.PortsFromEnv()
	if err != nil {
		return nil, err
	}
	saved, err := controlplane.LoadPorts(dir)
	if err != nil {
		return nil, err
	}
	return &environment{root: root, dir: dir, config: controlplane.Config{
		Dir:        dir,
		Ports:      ports.Or(saved).Or(controlplane.DefaultPorts),
		CRDDir:     os.Getenv("CAPSULE_CRDS"),
		Artifacts:  []string{"writes.yaml"},
		Background: true,
		Notef:      func(format string, args ...any) { fmt.Printf("note: "+format+"\n", args...) },
	}}, nil
}

func (e *environment) binDir() string { return filepath.Join(e.dir, "bin") }

func (e *environment) kubeconfig(user string) string { return filepath.Join(e.dir, user+".kubeconfig") }

// relative shortens a path below the repository to how a user in its folder would type it.
func (e *environment) relative(path string) string {
	if short, err := filepath.Rel(e.root, path); err == nil && !strings.HasPrefix(short, "..") {
		return short
	}
	return path
}

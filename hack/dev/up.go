// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/e2e/controlplane"
)

// up brings the development control plane to where everything runs, whatever runs already.
func (e *environment) up(ctx context.Context) error {
	release, err := e.lock()
	if err != nil {
		return err
	}
	defer release()
	cp, err := e.start(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("ready: kube-apiserver %s, tenantview-apiserver %s\n",
		controlplane.Address(cp.Ports().APIServer), controlplane.Address(cp.Ports().Server))
	fmt.Printf("  KUBECONFIG=%s %s get tenantview\n", e.relative(e.kubeconfig("alice")), e.relative(e.binDir()+"/kubectl"))
	return nil
}

func (e *environment) start(ctx context.Context) (*controlplane.ControlPlane, error) {
	cp, err := controlplane.Open(e.config)
	if err != nil {
		return nil, err
	}
	if err := cp.CheckPorts(); err != nil {
		return nil, explain(err)
	}
	if err := e.build(ctx); err != nil {
		return nil, err
	}
	for _, c := range []controlplane.Component{controlplane.Etcd, controlplane.APIServer, controlplane.ControllerManager} {
		if err := step(func() (string, error) {
			started, err := cp.StartComponent(ctx, c)
			return described(started, string(c)), err
		}); err != nil {
			return nil, explain(err)
		}
	}
	if err := step(func() (string, error) {
		return "installed CRDs, RBAC and APIService", cp.Install(ctx)
	}); err != nil {
		return nil, err
	}
	if err := step(func() (string, error) {
		started, err := cp.StartServer(ctx, append([]string{"--enable-writes"}, strings.Fields(os.Getenv("SERVER_FLAGS"))...)...)
		return described(started, controlplane.ServerName) + ", APIService Available", err
	}); err != nil {
		return nil, explain(err)
	}
	return cp, e.writeKubeconfigs(cp)
}

// build builds the programs that are missing or old, and shows how far it is.
func (e *environment) build(ctx context.Context) error {
	if err := step(func() (string, error) {
		display := build.NewDisplay(os.Stdout)
		defer display.Close()
		built, err := build.ControlPlane(ctx, e.root, e.binDir(), display.Report)
		if !built {
			return "", err
		}
		return "built the control plane", err
	}); err != nil {
		return err
	}
	return step(func() (string, error) {
		display := build.NewDisplay(os.Stdout)
		defer display.Close()
		return "built " + controlplane.ServerName, build.Server(ctx, e.root, e.binDir(), display.Report)
	})
}

func (e *environment) writeKubeconfigs(cp *controlplane.ControlPlane) error {
	if err := controlplane.WriteKubeconfig(e.kubeconfig("admin"), "admin", cp.AdminConfig()); err != nil {
		return err
	}
	for _, user := range []string{"alice", "bob"} {
		if err := e.writeUser(cp, user); err != nil {
			return err
		}
	}
	return nil
}

func described(started bool, what string) string {
	if started {
		return "started " + what
	}
	return what + " was running"
}

// explain adds to an error what to do about it where make has a word for it.
func explain(err error) error {
	if taken := (*controlplane.PortTakenError)(nil); errors.As(err, &taken) {
		return fmt.Errorf("%w, as in: make up %s=%d", err, taken.Setting, taken.Port+1000)
	}
	return err
}

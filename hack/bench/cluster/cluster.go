// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster runs the control plane of the benchmark. Its state is seeded once and used again.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/hack/bench/seed"
	"capsule.dev/tenantview/hack/bench/world"
)

// etcdFlags let etcd keep the largest world, which needs more than the default of 2 GiB.
var etcdFlags = []string{fmt.Sprintf("--quota-backend-bytes=%d", 8<<30)}

// Options say which cluster to start.
type Options struct {
	World *world.World
	// Root is the folder of the repository. Name is the name of the folder of the state, below .run/bench.
	Root, Name string
	// Notef is told what happens.
	Notef func(format string, args ...any)
}

// Cluster is a control plane with a world in it, without controllers: they would delete what has no owner.
type Cluster struct {
	*controlplane.ControlPlane
	World *world.World

	unlock func()
}

// Start builds the programs that are missing, and starts etcd and kube-apiserver with a seeded state. It does
// not start the server. On error it stops what it started. Without an error, the caller must call Stop.
func Start(ctx context.Context, o Options) (c *Cluster, err error) {
	config := controlplane.Config{
		Dir:         filepath.Join(o.Root, ".run", "bench", o.Name),
		BinDir:      filepath.Join(o.Root, ".run", "bin"),
		EtcdFlags:   etcdFlags,
		Controllers: []string{"clusterrole-aggregation-controller"},
		Notef:       o.Notef,
	}
	unlock, err := lock(config.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			unlock()
		}
	}()
	o.Notef("building the programs")
	if err := build.Programs(ctx, o.Root, config.BinDir); err != nil {
		return nil, err
	}
	digest, err := seed.Digest(o.World)
	if err != nil {
		return nil, err
	}
	seeded, err := seed.Seeded(config.Dir, digest)
	if err != nil {
		return nil, err
	}
	if !seeded {
		if err := remove(ctx, config); err != nil {
			return nil, err
		}
	}
	cp, err := controlplane.Open(config)
	if err != nil {
		return nil, err
	}
	c = &Cluster{ControlPlane: cp, World: o.World, unlock: unlock}
	if seeded {
		o.Notef("using the state in %s", config.Dir)
		err = c.start(ctx, controlplane.Etcd, controlplane.APIServer)
		if err == nil {
			// The rights of the server may have changed since.
			err = cp.Install(ctx)
		}
	} else {
		err = c.seed(ctx, config.Dir, digest, o.Notef)
	}
	if err != nil {
		return nil, errors.Join(err, cp.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// Stop ends all programs. Others may use the state then.
func (c *Cluster) Stop(ctx context.Context) error {
	defer c.unlock()
	return c.ControlPlane.Stop(ctx)
}

// remove removes a state, and stops what still runs in it.
func remove(ctx context.Context, config controlplane.Config) error {
	if _, err := os.Stat(config.Dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	cp, err := controlplane.Open(config)
	if err != nil {
		return err
	}
	if err := cp.Stop(ctx); err != nil {
		return err
	}
	return os.RemoveAll(config.Dir)
}

func (c *Cluster) start(ctx context.Context, components ...controlplane.Component) error {
	for _, component := range components {
		if _, err := c.StartComponent(ctx, component); err != nil {
			return err
		}
	}
	return nil
}

// seed installs what needs kube-apiserver, and then writes the world while only etcd runs: kube-apiserver
// would have to take in every write.
func (c *Cluster) seed(ctx context.Context, dir, digest string, notef func(string, ...any)) error {
	if err := c.start(ctx, controlplane.Etcd, controlplane.APIServer, controlplane.ControllerManager); err != nil {
		return err
	}
	if err := c.install(ctx); err != nil {
		return err
	}
	for _, component := range []controlplane.Component{controlplane.ControllerManager, controlplane.APIServer} {
		if err := c.StopComponent(ctx, component); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := seed.Write(ctx, "http://"+controlplane.Address(c.Ports().Etcd), c.World, notef); err != nil {
		return err
	}
	notef("seeded in %v", time.Since(start).Round(100*time.Millisecond))
	if err := c.start(ctx, controlplane.APIServer); err != nil {
		return err
	}
	notef("kube-apiserver is ready after %v", time.Since(start).Round(100*time.Millisecond))
	if err := seed.Check(ctx, c.AdminConfig(), c.World); err != nil {
		return err
	}
	return seed.Mark(dir, digest)
}

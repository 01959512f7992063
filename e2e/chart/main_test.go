// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/node"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/hack/dev/sample"
)

// shared is the control plane of all tests. They run one after the other: a cluster has one tenantview. Each
// begins and ends without a release.
var shared *cluster

// cluster is a control plane with nodes and helm.
type cluster struct {
	*testcluster.Cluster
	nodes *node.Nodes
	proxy *node.Proxy
	// helmProgram is the path of helm, chart that of the chart, and kubeconfig that of an administrator.
	helmProgram, chart, kubeconfig string
	// helmDir holds what helm would keep in the home folder.
	helmDir string
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "tenantview-chart-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	proxy, err := node.NewProxy(dir)
	if err != nil {
		return 1, err
	}
	defer proxy.Close()
	config := controlplane.Config{
		APIServerFlags: []string{proxy.Flag},
		Controllers:    append([]string{"deployment-controller", "replicaset-controller"}, controlplane.DefaultControllers...),
		CRDDir:         os.Getenv("CAPSULE_CRDS"),
	}
	code = testcluster.MainWithoutServer(m, config, func(ctx context.Context, c *testcluster.Cluster) error {
		shared, err = prepare(ctx, c, proxy, dir)
		return err
	})
	if shared != nil {
		shared.nodes.Close()
	}
	return code, nil
}

// prepare makes a control plane a cluster with Capsule, the sample's tenants and two nodes.
func prepare(ctx context.Context, c *testcluster.Cluster, proxy *node.Proxy, dir string) (*cluster, error) {
	s := &cluster{Cluster: c, proxy: proxy, helmDir: filepath.Join(dir, "helm"), kubeconfig: filepath.Join(dir, "admin.kubeconfig")}
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return nil, err
	}
	s.chart = filepath.Join(root, "charts", "tenantview")
	if s.helmProgram, err = build.Helm(ctx, root, c.Bin, nil); err != nil {
		return nil, err
	}
	if err := controlplane.WriteKubeconfig(s.kubeconfig, "admin", c.Admin); err != nil {
		return nil, err
	}
	if err := c.InstallCRDs(ctx); err != nil {
		return nil, err
	}
	applier, err := controlplane.NewApplier(c.Admin)
	if err != nil {
		return nil, err
	}
	if err := sample.Apply(ctx, applier); err != nil {
		return nil, err
	}
	proxy.Use(c.Core)
	s.nodes, err = node.Start(ctx, node.Config{
		Admin: c.Admin, Program: filepath.Join(c.Bin, controlplane.ServerName), Dir: filepath.Join(dir, "pods"),
		Warnf: func(format string, args ...any) { fmt.Fprintf(os.Stderr, "node: "+format+"\n", args...) },
	}, "node-a", "node-b")
	return s, err
}

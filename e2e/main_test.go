// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// shared is the control plane of all tests. They run one after the other: some change the server's flags,
// stop it, or take kube-apiserver away. Each leaves all programs running and no object of its own.
var shared *cluster

func TestMain(m *testing.M) {
	// Some tests need namespaces whose owner does not exist: the garbage collector would delete them. Many
	// make a namespace again that another has just deleted: the namespace controller, still busy with the old
	// one, would delete what is in the new one.
	config := controlplane.Config{Controllers: []string{"serviceaccount-controller", "clusterrole-aggregation-controller"}}
	os.Exit(testcluster.Main(m, config, nil, func(ctx context.Context, c *testcluster.Cluster) error {
		shared = &cluster{Cluster: c}
		return shared.waitDiscovered(ctx)
	}))
}

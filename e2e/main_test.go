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

// shared is the control plane of all tests. They run one after the other, because some change the server's
// flags, stop it, or stop kube-apiserver. Each test leaves all programs running and no objects behind.
var shared *cluster

func TestMain(m *testing.M) {
	// Some tests need namespaces whose owner does not exist, which the garbage collector would delete. Many
	// recreate a namespace that another test has just deleted. The namespace controller, still busy with the
	// old one, would delete the content of the new one.
	config := controlplane.Config{Controllers: []string{"serviceaccount-controller", "clusterrole-aggregation-controller"}}
	os.Exit(testcluster.Main(m, config, nil, func(ctx context.Context, c *testcluster.Cluster) error {
		shared = &cluster{Cluster: c}
		return shared.waitDiscovered(ctx)
	}))
}

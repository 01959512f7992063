// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"context"
	"os"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// shared is the control plane of all tests. They run one after the other.
var shared *testcluster.Cluster

func TestMain(m *testing.M) {
	// What client-go says of the watches that end.
	testcluster.DiscardClientLog()
	os.Exit(testcluster.Main(m, controlplane.Config{}, []string{"--owner-grants=Implicit"}, func(_ context.Context, c *testcluster.Cluster) error {
		shared = c
		return nil
	}))
}

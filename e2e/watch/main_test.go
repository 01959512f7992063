// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"os"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// shared is the control plane of all tests. They run one after the other: some restart its programs. Each
// leaves all of them running and no object of its own.
var shared *testcluster.Cluster

// Owners see all kinds, so that one Tenant grants them all. Native RBAC is asked again soon, because a test
// waits for that.
var serverFlags = []string{"--owner-grants=Implicit", "--native-rbac-review-interval=1s"}

func TestMain(m *testing.M) {
	// What client-go says of the connections that tests cut.
	testcluster.DiscardClientLog()
	os.Exit(testcluster.Main(m, controlplane.Config{}, serverFlags, func(_ context.Context, c *testcluster.Cluster) error {
		shared = c
		return nil
	}))
}

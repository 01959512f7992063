// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"fmt"
	"os"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// enabled is the environment variable that enables the tests. They need programs that install.sh installs.
const enabled = "TENANTVIEW_CLIENTS"

// shared is the control plane of all tests.
var shared *testcluster.Cluster

func TestMain(m *testing.M) {
	if os.Getenv(enabled) == "" {
		fmt.Println("skipping the tests of other clients: make clients installs what they need and runs them")
		return
	}
	os.Exit(testcluster.Main(m, controlplane.Config{}, nil, func(_ context.Context, c *testcluster.Cluster) error {
		shared = c
		return nil
	}))
}

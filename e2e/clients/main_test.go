// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"fmt"
	"os"
	"testing"

	"capsule.dev/tenantview/e2e/testcluster"
)

// enabled is the environment variable that has the tests run: they need programs that install.sh installs.
const enabled = "TENANTVIEW_CLIENTS"

// shared is the control plane of all tests.
var shared *testcluster.Cluster

func TestMain(m *testing.M) {
	if os.Getenv(enabled) == "" {
		fmt.Println("skipping the tests of other clients: make clients installs what they need and runs them")
		return
	}
	os.Exit(testcluster.Main(m, nil, func(c *testcluster.Cluster) { shared = c }))
}

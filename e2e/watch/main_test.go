// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"flag"
	"io"
	"os"
	"testing"

	"k8s.io/klog/v2"

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
	quiet := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(quiet)
	_ = quiet.Set("logtostderr", "false")
	_ = quiet.Set("stderrthreshold", "FATAL")
	klog.SetOutput(io.Discard)
	os.Exit(testcluster.Main(m, controlplane.Config{}, serverFlags, func(_ context.Context, c *testcluster.Cluster) error {
		shared = c
		return nil
	}))
}

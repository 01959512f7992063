// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

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

// shared is the control plane of all tests. They run one after the other.
var shared *testcluster.Cluster

func TestMain(m *testing.M) {
	// What client-go says of the watches that end.
	quiet := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(quiet)
	_ = quiet.Set("logtostderr", "false")
	_ = quiet.Set("stderrthreshold", "FATAL")
	klog.SetOutput(io.Discard)
	os.Exit(testcluster.Main(m, controlplane.Config{}, []string{"--owner-grants=Implicit"}, func(_ context.Context, c *testcluster.Cluster) error {
		shared = c
		return nil
	}))
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"flag"
	"io"

	"k8s.io/klog/v2"
)

// DiscardClientLog drops what client-go logs in the test's process from now on. The programs of the control
// plane have their own logs.
func DiscardClientLog() {
	quiet := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(quiet)
	_ = quiet.Set("logtostderr", "false")
	_ = quiet.Set("stderrthreshold", "FATAL")
	klog.SetOutput(io.Discard)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command tenantview-apiserver serves what the tenants of a cluster may see of it.
package main

import (
	"fmt"
	"os"

	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/cmd/tenantview-apiserver/app"
)

func main() {
	if err := app.NewCommand().ExecuteContext(genericapiserver.SetupSignalContext()); err != nil {
		fmt.Fprintf(os.Stderr, "tenantview-apiserver: %v\n", err)
		os.Exit(1)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command tenantview-apiserver serves the cluster objects that tenants may see.
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

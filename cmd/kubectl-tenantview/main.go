// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-tenantview is a plugin of kubectl for the users of tenants: it shows what they see
// of the cluster, and explains why they see an object or not.
package main

import (
	"os"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/component-base/cli"
)

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	if err := cli.RunNoErrOutput(newCommand(streams)); err != nil {
		printError(streams.ErrOut, err)
		os.Exit(1)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"k8s.io/kubectl/pkg/util/completion"

	"capsule.dev/tenantview/pkg/generated/clientset/versioned"
	"capsule.dev/tenantview/pkg/generated/clientset/versioned/typed/tenantview/v1alpha1"
)

const long = `Show what you see of a cluster that several tenants share, and why.

Kubernetes can show you all nodes or storage classes of a cluster, or none. Clusters with tenantview show
you those that your tenants may use. This command lists them, and explains why you see an object or not.`

const example = `  # Which storage classes may I use?
  kubectl tenantview get storageclasses

  # Why do I not see the storage class gp3?
  kubectl tenantview why storageclass gp3

  # What shows me anything at all?
  kubectl tenantview grants`

// newCommand returns the command with all its subcommands.
func newCommand(streams genericiooptions.IOStreams) *cobra.Command {
	flags := genericclioptions.NewConfigFlags(true).WithDiscoveryBurst(300).WithDiscoveryQPS(50)
	flags.Namespace = nil // nothing is in a namespace
	cmd := &cobra.Command{
		Use:           "kubectl-tenantview",
		Short:         "Show what you see of a shared cluster, and why",
		Long:          long,
		Example:       example,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl tenantview"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags.AddFlags(cmd.PersistentFlags())
	f := cmdutil.NewFactory(cmdutil.NewMatchVersionFlags(flags))
	completion.SetFactoryForCompletion(f)
	cmd.SetIn(streams.In)
	cmd.SetOut(streams.Out)
	cmd.SetErr(streams.ErrOut)
	// The flags of all commands would hide those of one.
	cmd.SetUsageTemplate(strings.Replace(cmd.UsageTemplate(), "{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}",
		"  --context, --kubeconfig, --as and more: see kubectl tenantview --help", 1))
	cmd.AddCommand(newWhy(f, streams), newGrants(f, streams), newGet(f, streams))
	return cmd
}

// clientOf returns a client for the API group.
func clientOf(f cmdutil.Factory) (v1alpha1.TenantviewV1alpha1Interface, error) {
	config, err := f.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	client, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client: %w", err)
	}
	return client.TenantviewV1alpha1(), nil
}

// errNotInstalled replaces the error of a cluster that does not know the API group.
var errNotInstalled = errors.New(`this cluster does not explain what you see: tenantview is not installed, or its version is older than this plugin.
An administrator can look at it with: kubectl get apiservice v1alpha1.tenantview.capsule.dev`)

// explained returns an error that users understand.
func explained(err error) error {
	if apierrors.IsNotFound(err) { // nothing is found by name here, so the resource itself is unknown
		return errNotInstalled
	}
	return err
}

func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "Error: %v\n", err)
}

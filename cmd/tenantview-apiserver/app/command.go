// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package app implements the command line of tenantview-apiserver.
package app

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/metrics/prometheus/restclient" // registers metrics of requests to kube-apiserver
	_ "k8s.io/component-base/metrics/prometheus/version"    // registers kubernetes_build_info
	"k8s.io/component-base/term"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/cmd/tenantview-apiserver/app/check"
	"capsule.dev/tenantview/cmd/tenantview-apiserver/app/options"
	"capsule.dev/tenantview/pkg/version"
)

// NewCommand returns the command that runs the server until its context ends.
func NewCommand() *cobra.Command {
	o := options.New()
	var showVersion versionFlag
	cmd := &cobra.Command{
		Use:   "tenantview-apiserver",
		Short: "Serve the cluster objects that tenants may see",
		Long: "tenantview-apiserver is an aggregated API server. Behind kube-apiserver, it serves each\n" +
			"user the namespaces, classes, nodes and volumes that the user's tenants may see.\n\n" +
			"\"tenantview-apiserver check --help\" says how to check an installed server.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if shown, err := showVersion.print(cmd.OutOrStdout()); shown || err != nil {
				return err
			}
			return run(cmd.Context(), o)
		},
	}
	sections := o.Flags()
	global := sections.FlagSet("global")
	showVersion.addTo(global)
	global.BoolP("help", "h", false, "Print this help and exit.")
	for _, section := range sections.FlagSets {
		cmd.Flags().AddFlagSet(section)
	}
	columns, _, _ := term.TerminalSize(cmd.OutOrStdout())
	cliflag.SetUsageAndHelpFunc(cmd, sections, columns)
	cmd.AddCommand(check.NewCommand())
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetHelpCommand(&cobra.Command{Hidden: true})
	return cmd
}

func run(ctx context.Context, o *options.Options) error {
	if err := logsapi.ValidateAndApply(o.Logs, nil); err != nil {
		return fmt.Errorf("--logging-format and related flags: %w", err)
	}
	withoutBodies()
	logs.InitLogs()
	defer logs.FlushLogs()
	config, err := o.Config()
	if err != nil {
		return err
	}
	server, err := config.Complete().New()
	if err != nil {
		return err
	}
	for _, warning := range config.Warnings() {
		klog.Warning(warning)
	}
	klog.FromContext(ctx).Info("Starting", "version", version.Get().GitVersion, "commit", version.Get().GitCommit, "policy", config.Policy)
	return server.Run(ctx)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package check implements "tenantview-apiserver check": it asks kube-apiserver, as a client, whether the
// installed server serves, and says what to do if it does not. It knows nothing about running a server.
package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/cli/flag"
	"k8s.io/component-base/term"

	"capsule.dev/tenantview/cmd/tenantview-apiserver/app/options"
)

// questionTimeout bounds each question to kube-apiserver. It is longer than the time after which
// kube-apiserver itself gives up on a server, so that its answer arrives.
const questionTimeout = 20 * time.Second

// NewCommand returns the command "check". It fails if something that it asked about is not in order.
func NewCommand() *cobra.Command {
	var kubeconfig string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check from outside whether the installed server serves",
		Long: "check asks kube-apiserver whether the APIService is Available, and lists tenantnamespaces as\n" +
			"the caller. For what is wrong it prints the usual cause and what to do. It needs the right to\n" +
			"get the APIService " + apiServiceName + " and to list tenantnamespaces.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < 0 {
				return errors.New("--wait: must not be negative")
			}
			config, err := options.ClusterConfig(kubeconfig)
			if err != nil {
				return err
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return fmt.Errorf("--kubeconfig: %w", err)
			}
			c := &checker{client: client.CoreV1().RESTClient(), timeout: questionTimeout}
			results, failed := c.until(cmd.Context(), wait)
			for _, r := range results {
				if _, err := fmt.Fprint(cmd.OutOrStdout(), r); err != nil {
					return err
				}
			}
			return failed
		},
	}
	var sections flag.NamedFlagSets
	flags := sections.FlagSet("check")
	flags.StringVar(&kubeconfig, "kubeconfig", kubeconfig,
		"Path of the kubeconfig file of the cluster. Not needed inside the cluster.")
	flags.DurationVar(&wait, "wait", wait, "How long to ask again while something is not in order.")
	flags.BoolP("help", "h", false, "Print this help and exit.")
	cmd.Flags().AddFlagSet(flags)
	columns, _, _ := term.TerminalSize(cmd.OutOrStdout())
	flag.SetUsageAndHelpFunc(cmd, sections, columns)
	return cmd
}

// until asks everything again each second until all is in order, or the time is over. It returns the last
// results, and an error if they are not in order. A round that has begun goes on when the time is over: its
// results are the ones to show. If ctx ends, until returns at once: the results are those of the round
// before, and the error is errInterrupted.
func (c *checker) until(ctx context.Context, wait time.Duration) ([]result, error) {
	over := time.After(wait)
	var last []result
	for {
		results := c.all(ctx)
		failed := failure(results)
		switch {
		case failed == nil:
			return results, nil
		case ctx.Err() != nil:
			return last, errInterrupted
		}
		last = results
		select {
		case <-ctx.Done():
			return last, errInterrupted
		case <-over:
			return last, failed
		case <-time.After(time.Second):
		}
	}
}

var errInterrupted = errors.New("interrupted")

// failure returns an error that names what is not in order, or nil.
func failure(results []result) error {
	var errs []error
	for _, r := range results {
		if r.problem != "" {
			errs = append(errs, errors.New(r.about))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("not in order: %w", join(errs))
}

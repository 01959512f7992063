// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// newWhy returns the command why.
func newWhy(f cmdutil.Factory, streams genericiooptions.IOStreams) *cobra.Command {
	var about asking
	var operation string
	format := genericclioptions.NewPrintFlags("")
	cmd := &cobra.Command{
		Use:   "why KIND NAME",
		Short: "Explain why you see an object, or why not",
		Long: "Explain why you see an object, or why not. An object that you do not see is answered like one that does not exist.\n\nThe kinds are " +
			strings.Join(described(), ", ") + ".",
		Example: "  # Why do I not see the storage class gp3?\n  kubectl tenantview why storageclass gp3",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, object, named := strings.Cut(args[0], "/")
			if len(args) == 2 && !named {
				object, named = args[1], true
			} else if len(args) == 2 {
				return errors.New("give one object: KIND NAME or KIND/NAME")
			}
			if !named || object == "" {
				return fmt.Errorf("which one? Give its name, too: kubectl tenantview why %s NAME", args[0])
			}
			k, err := find(name)
			if err != nil {
				return err
			}
			a, err := about.ask(cmd.Context(), f, v1alpha1.SelfTenantViewReviewSpec{Resource: k.served(), Name: object, Operation: operation})
			if err != nil {
				return err
			}
			if *format.OutputFormat != "" {
				return printAs(format, streams.Out, a.review)
			}
			return a.printWhy(streams.Out)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return complete(f, args, toComplete)
		},
	}
	cmd.Flags().StringVar(&operation, "operation", "", "What you want to do: List (the default), Get, Update or Delete.")
	_ = cmd.RegisterFlagCompletionFunc("operation", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{v1alpha1.OperationList, v1alpha1.OperationGet, v1alpha1.OperationUpdate, v1alpha1.OperationDelete}, cobra.ShellCompDirectiveNoFileComp
	})
	about.addFlags(cmd.Flags())
	format.AddFlags(cmd)
	return cmd
}

// printWhy prints an answer for people.
func (a *answer) printWhy(w io.Writer) error {
	text := &strings.Builder{}
	text.WriteString(map[bool]string{true: "Yes.", false: "No."}[a.status.Allowed])
	for i, reason := range a.status.Reasons {
		if i == 0 {
			fmt.Fprintf(text, " %s\n", reason)
		} else {
			fmt.Fprintf(text, "  %s\n", reason)
		}
	}
	if len(a.misses) > 0 {
		text.WriteString("What almost grants it:\n")
	}
	for _, m := range a.misses {
		fmt.Fprintf(text, "  %s: %s\n", object(m.Source, m.Namespace, m.Name, m.Path), m.Reason)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// object names an object and a part of it.
func object(source, namespace, name, path string) string {
	text := strings.TrimSpace(source + " " + strings.Trim(namespace+"/"+name, "/"))
	if path != "" {
		text += ", " + path
	}
	return text
}

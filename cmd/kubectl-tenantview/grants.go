// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// newGrants returns the command grants.
func newGrants(f cmdutil.Factory, streams genericiooptions.IOStreams) *cobra.Command {
	var about asking
	format := genericclioptions.NewPrintFlags("")
	cmd := &cobra.Command{
		Use:   "grants [KIND]",
		Short: "List what shows you objects",
		Long: "List what shows you objects: tenants that you own, settings that name you, and permissions of RBAC. OBJECTS is how many of the\n" +
			"objects that you see each of them shows.\n\nThe kinds are " + strings.Join(described(), ", ") + ".",
		Example: "  # What shows me nodes?\n  kubectl tenantview grants nodes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := kinds
			if len(args) == 1 {
				k, err := find(args[0])
				if err != nil {
					return err
				}
				asked = []kind{*k}
			}
			var answers []*answer
			for i := range asked {
				a, err := about.ask(cmd.Context(), f, v1alpha1.SelfTenantViewReviewSpec{Resource: asked[i].served()})
				if err != nil {
					return err
				}
				answers = append(answers, a)
			}
			if *format.OutputFormat != "" {
				return printAs(format, streams.Out, reviews(answers)...)
			}
			return printGrants(streams, answers)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeKinds(toComplete)
		},
	}
	about.addFlags(cmd.Flags())
	format.AddFlags(cmd)
	return cmd
}

func reviews(answers []*answer) []runtime.Object {
	var all []runtime.Object
	for _, a := range answers {
		all = append(all, a.review)
	}
	return all
}

// printAs prints objects in the format of the flags: several of them as a list.
func printAs(flags *genericclioptions.PrintFlags, w io.Writer, objects ...runtime.Object) error {
	printer, err := flags.ToPrinter()
	if err != nil {
		return err
	}
	if len(objects) == 1 {
		return printer.PrintObj(objects[0], w)
	}
	list := &v1.List{TypeMeta: v1.TypeMeta{Kind: "List", APIVersion: "v1"}}
	for _, o := range objects {
		list.Items = append(list.Items, runtime.RawExtension{Object: o})
	}
	return printer.PrintObj(list, w)
}

// printGrants prints a table for people.
func printGrants(streams genericiooptions.IOStreams, answers []*answer) error {
	w := printers.GetNewTabWriter(streams.Out)
	rows := 0
	for _, a := range answers {
		for i := range a.status.Grants {
			if rows == 0 {
				fmt.Fprintln(w, "KIND\tGRANTED BY\tTO\tOPERATIONS\tOBJECTS\tSELECTS")
			}
			rows++
			fmt.Fprintln(w, strings.Join(row(a.spec.Resource, &a.status.Grants[i]), "\t"))
		}
	}
	if rows == 0 {
		for _, reason := range answers[0].status.Reasons {
			fmt.Fprintln(streams.Out, reason)
		}
		if len(answers) > 1 {
			fmt.Fprintln(streams.Out, "It is the same with all other kinds. Your administrator can find out more with: kubectl tenantview grants --about USER")
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	printMisses(streams.Out, answers)
	return nil
}

// printMisses prints what almost grants something. What concerns several kinds is printed once.
func printMisses(w io.Writer, answers []*answer) {
	concerned := make(map[string][]string)
	var lines []string
	for _, a := range answers {
		for _, m := range a.misses {
			line := object(m.Source, m.Namespace, m.Name, m.Path) + ": " + m.Reason
			if concerned[line] == nil {
				lines = append(lines, line)
			}
			concerned[line] = append(concerned[line], strings.TrimPrefix(a.spec.Resource, "tenant"))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintln(w, "\nWhat almost grants something:")
	}
	for _, line := range lines {
		if len(concerned[line]) < len(answers) {
			line = strings.Join(concerned[line], ", ") + ": " + line
		}
		fmt.Fprintf(w, "  %s\n", line)
	}
}

func row(resource string, g *v1alpha1.TenantViewGrant) []string {
	by := object(g.Source, g.Namespace, g.Name, g.Path)
	if g.Source == v1alpha1.SourceTenant {
		by = object(g.Source, "", g.Tenant, g.Path)
	}
	to, objects := "", "-"
	if g.Subject != nil {
		to = g.Subject.Kind + " " + g.Subject.Name
	}
	if g.Objects != nil {
		objects = strconv.Itoa(int(*g.Objects))
	}
	return []string{strings.TrimPrefix(resource, "tenant"), by, to, strings.Join(g.Operations, ","), objects, g.Selects}
}

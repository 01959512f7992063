// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/kubectl/pkg/cmd/get"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"k8s.io/kubectl/pkg/util/completion"
)

// everything is the category of all kinds.
const everything = "tenantview"

// newGet returns the command get: kubectl's own, with the names of the upstream kinds.
func newGet(f cmdutil.Factory, streams genericiooptions.IOStreams) *cobra.Command {
	cmd := get.NewCmdGet("kubectl tenantview", f, streams)
	cmd.Use = "get [KIND [NAME ...]] [flags]"
	cmd.Short = "List the objects that you see"
	cmd.Long = "List the objects that you see, as kubectl get does. Without a kind, it lists all of them.\n\nThe kinds are " +
		strings.Join(described(), ", ") + "."
	cmd.Example = "  # The nodes that my tenants may use, with more columns, and then all changes of them\n" +
		"  kubectl tenantview get nodes -o wide --watch"
	for _, flag := range []string{"all-namespaces", "filename", "kustomize", "raw", "recursive", "server-print", "subresource"} {
		if found := cmd.Flags().Lookup(flag); found != nil {
			found.Hidden = true // of no use here
		}
	}
	run := cmd.Run
	cmd.Run = nil
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		args, err := served(args)
		if err != nil {
			return err
		}
		run(cmd, args)
		return nil
	}
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return complete(f, args, toComplete)
	}
	return cmd
}

// served replaces the kinds in arguments such as "nodes n1 n2", "ns,sc" or "ns/a sc/b" by those that the
// server serves.
func served(args []string) ([]string, error) {
	if len(args) == 0 {
		return []string{everything}, nil
	}
	replaced := append([]string(nil), args...)
	for i, arg := range args {
		name, object, named := strings.Cut(arg, "/")
		if i > 0 && !named {
			continue // a name
		}
		var list []string
		for one := range strings.SplitSeq(name, ",") {
			if one == everything {
				list = append(list, one)
				continue
			}
			k, err := find(one)
			if err != nil {
				return nil, err
			}
			list = append(list, k.served())
		}
		if replaced[i] = strings.Join(list, ","); named {
			replaced[i] += "/" + object
		}
	}
	return replaced, nil
}

// complete completes a kind and names of its objects.
func complete(f cmdutil.Factory, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeKinds(toComplete)
	}
	k, err := find(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completion.CompGetResource(f, k.served(), toComplete), cobra.ShellCompDirectiveNoFileComp
}

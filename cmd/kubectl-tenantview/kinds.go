// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// kind has the names of a kind that users know from kubectl.
type kind struct {
	plural, singular, short string
}

var kinds = []kind{
	{"namespaces", "namespace", "ns"},
	{"storageclasses", "storageclass", "sc"},
	{"ingressclasses", "ingressclass", "ic"},
	{"priorityclasses", "priorityclass", "pc"},
	{"runtimeclasses", "runtimeclass", "rc"},
	{"nodes", "node", "no"},
	{"persistentvolumes", "persistentvolume", "pv"},
}

// served returns the resource that the server serves for the kind.
func (k *kind) served() string { return "tenant" + k.plural }

// find returns the kind of that name. It accepts the names of kubectl and those of the server, such as
// tenantnodes and tno.
func find(name string) (*kind, error) {
	wanted, _, _ := strings.Cut(strings.ToLower(name), ".")
	for i := range kinds {
		k := &kinds[i]
		if slices.Contains([]string{k.plural, k.singular, k.short, "tenant" + k.plural, "tenant" + k.singular, "t" + k.short}, wanted) {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%q is none of the kinds that tenantview shows: %s", name, strings.Join(described(), ", "))
}

// described returns the kinds with their short names.
func described() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, fmt.Sprintf("%s (%s)", k.plural, k.short))
	}
	return all
}

// completeKinds completes the name of a kind.
func completeKinds(toComplete string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, k := range kinds {
		if strings.HasPrefix(k.plural, toComplete) {
			found = append(found, k.plural)
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

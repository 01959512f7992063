// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bench measures tenantview behind a real kube-apiserver, with as many namespaces as a large cluster
// has. make bench-e2e runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"capsule.dev/tenantview/hack/bench/world"
)

// parts are the parts of a run that measure something, in their order.
var parts = []string{"start", "lists", "events"}

// profiles is the part of a run that writes profiles of the server. It is not one of the usual parts.
const profiles = "profiles"

// usualRoleBindings is the number of RoleBindings that Capsule makes for the owners of a namespace: a user and
// a group.
const usualRoleBindings = 2

// options are the flags.
type options struct {
	size, out    string
	roleBindings int
	// moreRoleBindings is the number of RoleBindings of another cluster, on which only starts are measured.
	moreRoleBindings int
	seed             uint64
	parts            []string
	scale            float64
	watches          int
	rate             int
	check            bool
	// unusual is true if a flag has a value with which results cannot be compared.
	unusual bool
	// flags are those that were given, but where the result goes.
	flags []string
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	held, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if o.check && !held {
		fmt.Fprintln(os.Stderr, "bench: not all targets are held")
		os.Exit(1)
	}
}

func parse(args []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := strings.Join(slices.SortedFunc(maps.Keys(world.Sizes), func(a, b string) int { return world.Sizes[a] - world.Sizes[b] }), ", ")
	flags.StringVar(&o.size, "size", "small", "How many namespaces there are: "+sizes+".")
	flags.IntVar(&o.roleBindings, "role-bindings", usualRoleBindings, "How many RoleBindings each namespace has, from 0 to 9.")
	flags.IntVar(&o.moreRoleBindings, "more-role-bindings", -1,
		"Measure starts with this number of RoleBindings, too. 0: do not. Default: 9, or 0 for large.")
	flags.Uint64Var(&o.seed, "seed", 1, "The seed of the generator, and of the order of measurements.")
	flags.StringVar(&o.out, "out", "", "The file for the result. Default: docs/benchmarks/SIZE.json if all parts run as usual, else none.")
	run := flags.String("run", strings.Join(parts, ","),
		"The parts to run. Another part, "+profiles+", writes profiles of the server. Without any, only the state is seeded.")
	flags.Float64Var(&o.scale, "scale", 1, "How often to measure everything, compared with the usual: 0.1 for a first look.")
	flags.IntVar(&o.watches, "watches", 0, "How many watches there are. Default: 1,000 for small, else 5,000.")
	flags.IntVar(&o.rate, "rate", 200, "How many writes per second the watches are measured with.")
	flags.BoolVar(&o.check, "check", false, "Exit with an error if a target is not held.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if _, ok := world.Sizes[o.size]; !ok {
		return nil, fmt.Errorf("-size=%s: must be one of %s", o.size, sizes)
	}
	if *run != "" {
		o.parts = strings.Split(*run, ",")
	}
	for _, part := range o.parts {
		if part != profiles && !slices.Contains(parts, part) {
			return nil, fmt.Errorf("-run=%s: %q is not one of %s, %s", *run, part, strings.Join(parts, ", "), profiles)
		}
	}
	if o.scale <= 0 {
		return nil, fmt.Errorf("-scale=%v: must be positive", o.scale)
	}
	if o.rate <= 0 {
		return nil, fmt.Errorf("-rate=%d: must be positive", o.rate)
	}
	flags.Visit(func(f *flag.Flag) {
		if !slices.Contains([]string{"size", "out", "check"}, f.Name) {
			o.flags = append(o.flags, fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
		if f.Value.String() != f.DefValue && !slices.Contains([]string{"size", "run", "out", "check"}, f.Name) {
			o.unusual = true
		}
	})
	if o.moreRoleBindings < 0 {
		o.moreRoleBindings = 9
		if o.size == "large" {
			o.moreRoleBindings = 0
		}
	}
	if o.watches == 0 {
		o.watches = 5_000
		if o.size == "small" {
			o.watches = 1_000
		}
	}
	return o, nil
}

// complete returns whether the result is one to publish: all parts run, as they usually do.
func (o *options) complete() bool {
	return !o.unusual && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(o.parts, part) })
}

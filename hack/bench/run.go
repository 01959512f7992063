// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/hack/bench/cluster"
	"capsule.dev/tenantview/hack/bench/machine"
	"capsule.dev/tenantview/hack/bench/measure"
	"capsule.dev/tenantview/hack/bench/result"
	"capsule.dev/tenantview/hack/bench/world"
)

// stopTimeout bounds how long the control plane may take to stop.
const stopTimeout = 2 * time.Minute

// run measures, prints and stores the result, and returns whether all targets are held.
func run(ctx context.Context, o *options) (held bool, err error) {
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return false, err
	}
	r := &result.Result{Size: o.size, Seed: o.seed, Flags: strings.Join(o.flags, " "), Date: time.Now().UTC().Format(time.DateOnly)}
	if err := withCluster(ctx, o, root, o.roleBindings, func(b *measure.Bench) (err error) {
		if r.Commit, r.Machine, err = machine.Describe(ctx, root, b.AdminConfig()); err != nil {
			return err
		}
		for _, k := range b.World.Kinds() {
			r.Objects = append(r.Objects, result.Count{Resource: k.Resource, Count: k.Count})
		}
		return runParts(ctx, o, root, b, r)
	}); err != nil {
		return false, err
	}
	if slices.Contains(o.parts, "start") && o.moreRoleBindings > o.roleBindings {
		if err := withCluster(ctx, o, root, o.moreRoleBindings, func(b *measure.Bench) error {
			starts, samples, err := b.Starts(ctx, measure.Default)
			r.Start, r.Memory = append(r.Start, starts...), append(r.Memory, samples...)
			return err
		}); err != nil {
			return false, fmt.Errorf("with %d RoleBindings for each namespace: %w", o.moreRoleBindings, err)
		}
	}
	return conclude(o, root, r)
}

// withCluster starts a cluster of a size, with a number of RoleBindings for each namespace, and stops it
// after use.
func withCluster(ctx context.Context, o *options, root string, roleBindings int, use func(*measure.Bench) error) (err error) {
	w, err := world.New(world.Params{Namespaces: world.Sizes[o.size], RoleBindings: roleBindings, Seed: o.seed})
	if err != nil {
		return err
	}
	if err := measure.CheckWatches(w, o.watches); err != nil {
		return fmt.Errorf("-watches: %w", err)
	}
	c, err := cluster.Start(ctx, cluster.Options{
		World: w, Root: root, Name: stateName(o.size, roleBindings),
		Notef: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, c.Stop(stopping))
	}()
	return use(measure.New(c, o.seed, o.scale))
}

// stateName is the name of the folder of a state, below .run/bench.
func stateName(size string, roleBindings int) string { return fmt.Sprintf("%s-%d", size, roleBindings) }

// runParts runs the chosen parts of the benchmark.
func runParts(ctx context.Context, o *options, root string, b *measure.Bench, r *result.Result) (err error) {
	if len(o.parts) == 0 {
		return nil
	}
	if slices.Contains(o.parts, "start") {
		if r.Start, r.Memory, err = b.Starts(ctx, measure.WithoutRoleBindings, measure.Default); err != nil {
			return fmt.Errorf("measuring starts: %w", err)
		}
	}
	// The rest runs with the server as it is by default.
	if err := b.StartServer(ctx); err != nil {
		return err
	}
	if slices.Contains(o.parts, "lists") {
		if r.Lists, err = b.Lists(ctx); err == nil {
			err = sample(ctx, b, r, "after the lists")
		}
		if err != nil {
			return fmt.Errorf("measuring lists: %w", err)
		}
	}
	if slices.Contains(o.parts, "events") {
		if r.Events, err = b.Events(ctx, o.watches, o.rate); err == nil {
			err = sample(ctx, b, r, "after the events")
		}
		if err != nil {
			return fmt.Errorf("measuring events: %w", err)
		}
	}
	if slices.Contains(o.parts, profiles) {
		folder := filepath.Join(root, ".run", "bench", stateName(o.size, o.roleBindings)+"-profiles")
		if err := b.Profiles(ctx, folder); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "profiles are in", folder)
	}
	return nil
}

func sample(ctx context.Context, b *measure.Bench, r *result.Result, when string) error {
	s, err := b.Sample(ctx, when)
	r.Memory = append(r.Memory, s)
	return err
}

// conclude prints and stores a result, and returns whether all targets are held.
func conclude(o *options, root string, r *result.Result) (held bool, err error) {
	folder := filepath.Join(root, "docs", "benchmarks")
	small, err := result.Read(filepath.Join(folder, "small.json"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	r.Ratios = measure.Ratios(r, small)
	if err := result.Print(os.Stdout, r); err != nil {
		return false, err
	}
	out := o.out
	if out == "" && o.complete() {
		out = filepath.Join(folder, o.size+".json")
	}
	if out != "" {
		if err := result.WriteFile(out, r); err != nil {
			return false, err
		}
		fmt.Fprintln(os.Stderr, "wrote", out)
	}
	return !slices.ContainsFunc(r.Ratios, func(r result.Ratio) bool { return !r.Holds }), nil
}

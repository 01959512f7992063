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
	w, err := world.New(world.Params{Namespaces: world.Sizes[o.size], RoleBindings: o.roleBindings, Seed: o.seed})
	if err != nil {
		return false, err
	}
	c, err := cluster.Start(ctx, cluster.Options{
		World: w, Root: root, Name: fmt.Sprintf("%s-%d", o.size, o.roleBindings),
		Notef: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	})
	if err != nil {
		return false, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, c.Stop(stopping))
	}()
	r := &result.Result{Size: o.size, Seed: o.seed, Date: time.Now().UTC().Format(time.DateOnly)}
	if r.Commit, r.Machine, err = machine.Describe(ctx, root, c.AdminConfig()); err != nil {
		return false, err
	}
	for _, k := range w.Kinds() {
		r.Objects = append(r.Objects, result.Count{Resource: k.Resource, Count: k.Count})
	}
	if err := runParts(ctx, o, measure.New(c, o.seed, o.scale), r); err != nil {
		return false, err
	}
	return conclude(o, root, r)
}

// runParts runs the chosen parts of the benchmark.
func runParts(ctx context.Context, o *options, b *measure.Bench, r *result.Result) (err error) {
	if len(o.parts) == 0 {
		return nil
	}
	if slices.Contains(o.parts, "start") {
		if r.Start, r.Memory, err = b.Starts(ctx); err != nil {
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
		if err := result.Write(out, r); err != nil {
			return false, err
		}
		fmt.Fprintln(os.Stderr, "wrote", out)
	}
	return !slices.ContainsFunc(r.Ratios, func(r result.Ratio) bool { return !r.Holds }), nil
}

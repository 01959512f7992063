// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command simulate measures the engine of a server alone, on clusters of up to a million namespaces that a generator
// serves in place of kube-apiserver. It fits a model to the smaller clusters, checks it at the larger ones, and writes
// the tables of docs/scale.md. make bench-scale runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/hack/bench/machine"
	"capsule.dev/tenantview/hack/bench/result"
)

// options are the flags.
type options struct {
	out, doc      string
	divide        int
	report, check bool
	resume        bool
	// engine and serve are set if the program has started itself.
	engine, serve bool
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.BoolVar(&o.report, "report", false, "Measure nothing: write the tables from the results that are there.")
	flags.BoolVar(&o.check, "check", false, "Measure and write nothing: fail if the tables are not those of the results.")
	flags.BoolVar(&o.resume, "resume", false, "Keep the results that are there, and measure what is missing.")
	flags.IntVar(&o.divide, "divide", 1, "Divide all sizes by this, for a first look. The results are printed and not written.")
	flags.StringVar(&o.out, "results", "", "The file with the results. Default: docs/benchmarks/simulation.json.")
	flags.StringVar(&o.doc, "document", "", "The document with the tables. Default: docs/scale.md.")
	flags.BoolVar(&o.engine, engineFlag, false, "For this program's own use: measure an engine in this process.")
	flags.BoolVar(&o.serve, serveFlag, false, "For this program's own use: run a server in this process.")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.divide < 1 || o.divide > 1_000 {
		return nil, fmt.Errorf("-divide=%d: must be from 1 to 1000", o.divide)
	}
	return o, nil
}

func run(ctx context.Context, o *options) error {
	if o.engine || o.serve {
		return runSelf(ctx, o.serve)
	}
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return err
	}
	if o.out == "" {
		o.out = filepath.Join(root, "docs", "benchmarks", "simulation.json")
	}
	if o.doc == "" {
		o.doc = filepath.Join(root, "docs", "scale.md")
	}
	if o.report || o.check {
		return writeDocument(o)
	}
	r, err := begun(ctx, o, root)
	if err != nil {
		return err
	}
	if o.divide > 1 {
		if err := r.run(ctx, o.divide, func() error { return nil }); err != nil {
			return err
		}
		all, err := tables(r)
		for _, name := range tableNames {
			fmt.Print(all[name], "\n")
		}
		return err
	}
	if err := r.run(ctx, 1, func() error { return result.WriteFile(o.out, r) }); err != nil {
		return err
	}
	return writeDocument(o)
}

// begun returns the results to which those of a run are added.
func begun(ctx context.Context, o *options, root string) (*results, error) {
	if o.resume {
		return readResults(o.out)
	}
	r := &results{Date: time.Now().UTC().Format(time.DateOnly)}
	var err error
	r.Commit, r.Machine, err = machine.Local(ctx, root)
	return r, err
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/hack/bench/simulate/engine"
)

// The flags with which the program starts itself, in order to measure a fresh process.
const (
	engineFlag = "engine"
	serveFlag  = "serve"
)

// task is what the started program reads.
type task struct {
	// Config says what to measure. A server is measured from outside.
	Config engine.Config
	// Host and CA say how to reach the cluster.
	Host string
	CA   []byte
}

// self returns a command that starts this program.
func self(ctx context.Context, mode string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, "-"+mode)
	command.Stderr = os.Stderr
	return command, nil
}

// runSelf is what the started program does.
func runSelf(ctx context.Context, serve bool) error {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return errors.New("GOGC and GOMEMLIMIT must not be set: the figures are those of the defaults")
	}
	var logging flag.FlagSet
	klog.InitFlags(&logging)
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := logging.Set("stderrthreshold", "ERROR"); err != nil {
		return err
	}
	input := json.NewDecoder(os.Stdin)
	var t task
	if err := input.Decode(&t); err != nil {
		return fmt.Errorf("reading what to measure: %w", err)
	}
	cluster := &rest.Config{Host: t.Host, TLSClientConfig: rest.TLSClientConfig{CAData: t.CA}}
	if serve {
		return engine.Serve(ctx, cluster, io.MultiReader(input.Buffered(), os.Stdin), os.Stdout)
	}
	m, err := engine.Run(ctx, t.Config, cluster)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

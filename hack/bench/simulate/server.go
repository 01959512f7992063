// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"capsule.dev/tenantview/hack/bench/simulate/engine"
)

// server is a server in a process of its own.
type server struct {
	*engine.Requester
	pid    int
	input  io.WriteCloser
	output *json.Decoder
}

// measureServer measures a whole server that reads one cluster.
func measureServer(ctx context.Context, c engine.Config) (*serverEntry, error) {
	e := &serverEntry{Shape: c.Shape, Watches: c.Watches}
	_, err := withCluster(c.Shape, func(t task) error {
		return withServer(ctx, c, t, func(s *server) (err error) {
			if e.Memory, err = s.memory(); err != nil {
				return err
			}
			if e.List, err = s.Lists(ctx, s.pid, c.Lists); err != nil {
				return fmt.Errorf("lists: %w", err)
			}
			if e.BeforeWatches, err = s.memory(); err != nil {
				return err
			}
			watching, stop := context.WithCancel(ctx)
			defer stop()
			if err := s.Watch(watching, c.Watches); err != nil {
				return fmt.Errorf("watches: %w", err)
			}
			e.WatchMemory, err = s.memory()
			return err
		})
	})
	return e, err
}

// withServer runs a server while it is used.
func withServer(ctx context.Context, c engine.Config, t task, use func(*server) error) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends it if it does not end by itself
	command, err := self(ctx, serveFlag)
	if err != nil {
		return err
	}
	s := &server{}
	if s.input, err = command.StdinPipe(); err != nil {
		return err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	s.output = json.NewDecoder(output)
	if err := command.Start(); err != nil {
		return err
	}
	s.pid = command.Process.Pid
	defer func() {
		s.input.Close()
		stop()
		_ = command.Wait() // killed, unless it was faster
	}()
	if err := json.NewEncoder(s.input).Encode(t); err != nil {
		return err
	}
	var ready engine.Ready
	if err := s.output.Decode(&ready); err != nil {
		return fmt.Errorf("waiting for the server: %w", errors.Join(err, ctx.Err()))
	}
	s.Requester = &engine.Requester{Host: ready.Host, Shape: c.Shape, Client: engine.Client()}
	return use(s)
}

// memory returns the memory of the server.
func (s *server) memory() (m engine.Memory, err error) {
	if err := json.NewEncoder(s.input).Encode("memory"); err != nil {
		return m, err
	}
	return m, s.output.Decode(&m)
}

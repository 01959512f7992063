// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"

	"capsule.dev/tenantview/pkg/source"
)

// Server serves the API group of one cluster.
type Server struct {
	generic *genericapiserver.GenericAPIServer
	sources *source.Sources
}

// settle is the time after which a server that has read all sources returns to the operating system what it no longer
// needs. Reading a large cluster leaves about as much garbage as it keeps, and the runtime would take minutes. The
// last list is garbage only when the function that has read it returns.
const settle = 2 * time.Second

// Run serves until the context ends and the requests under way are answered.
func (s *Server) Run(ctx context.Context) error {
	// The sources outlive ctx, so that requests under way still get current answers.
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan struct{})
	s.sources.OnLive = func() { time.AfterFunc(settle, debug.FreeOSMemory) }
	go func() {
		defer close(stopped)
		s.sources.Run(reading)
	}()
	err := s.generic.PrepareRun().RunWithContext(ctx)
	stop()
	<-stopped
	return err
}

// readyzChecks returns one check for each source. A check that has succeeded never fails again:
// when a source loses its connection, old data is better than none.
func readyzChecks(sources *source.Sources) []healthz.HealthChecker {
	var checks []healthz.HealthChecker
	for _, s := range sources.All() {
		checks = append(checks, healthz.NamedCheck("source-"+s.Name(), func(*http.Request) error {
			if sources.Serving(s) {
				return nil
			}
			return fmt.Errorf("%s have not been read yet", s.Name())
		}))
	}
	return checks
}

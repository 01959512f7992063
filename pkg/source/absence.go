// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Served asks kube-apiserver whether it serves a resource.
type Served func(context.Context) (bool, error)

const (
	// absentPoll is how often a resource is asked for again that is not found.
	absentPoll = 3 * time.Second
	// absentAfter is for how long a resource must not be found to count as absent though
	// discovery does not say so.
	absentAfter = 30 * time.Second
	// servedTimeout is how long to wait for discovery.
	servedTimeout = 5 * time.Second
)

func jittered(d time.Duration) time.Duration { return wait.Jitter(d, 0.2) }

// isAbsent tells, when an optional resource was not found, whether it counts as absent. One such
// answer is not enough: all that the resource's objects grant would be gone with them, and one of
// several kube-apiservers may not know yet of a definition that another one serves.
func (s *Source) isAbsent(ctx context.Context) bool {
	s.mu.Lock()
	if s.missingSince.IsZero() {
		s.missingSince = time.Now()
	}
	absent, since := s.absent, s.missingSince
	s.mu.Unlock()
	if absent || time.Since(since) >= absentAfter {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, servedTimeout)
	defer cancel()
	served, err := s.served(ctx)
	return err == nil && !served
}

// found notes that the last answer was another than that the resource is not found.
func (s *Source) found() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missingSince = time.Time{}
}

// appear notes that the resource exists and has been read.
func (s *Source) appear() {
	if s.Absent() {
		s.logger.Info("The resource is served now")
	}
	s.sync(false)
}

// disappear notes that the resource does not exist: its objects are gone with it.
func (s *Source) disappear() {
	s.mu.Lock()
	absent, reported := s.absent, s.reported
	s.mu.Unlock()
	if !absent || reported {
		s.logger.Info("The resource is not served; it counts as having no objects until it is")
	}
	if !absent {
		s.clear()
	}
	s.sync(true)
}

// Absent tells whether the resource does not exist.
func (s *Source) Absent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.absent
}

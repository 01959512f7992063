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
	// absentPoll is the interval at which a source asks again for a resource that is not found.
	absentPoll = 3 * time.Second
	// absentAfter is how long a resource must not be found to count as absent if discovery does
	// not confirm it.
	absentAfter = 30 * time.Second
	// servedTimeout limits the wait for discovery.
	servedTimeout = 5 * time.Second
)

func jittered(d time.Duration) time.Duration { return wait.Jitter(d, 0.2) }

// isAbsent reports whether an optional resource that was not found counts as absent. One "not
// found" is not enough: it would remove everything that the resource's objects grant, and one of
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

// found records that the last response was not "not found".
func (s *Source) found() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missingSince = time.Time{}
}

// appear records that the resource exists and has been read.
func (s *Source) appear() {
	if s.Absent() {
		s.logger.Info("The resource is served now")
	}
	s.sync(false)
}

// disappear records that the resource does not exist, and so has no objects.
func (s *Source) disappear() {
	s.mu.Lock()
	absent, reported := s.absent, s.reported
	s.mu.Unlock()
	if !absent || reported {
		s.logger.Info("The resource is not served, so it has no objects until it is")
	}
	if !absent {
		s.clear()
	}
	s.sync(true)
}

// Absent reports whether the resource does not exist.
func (s *Source) Absent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.absent
}

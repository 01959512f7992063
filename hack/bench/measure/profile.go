// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// profileSeconds is the duration of a profile of processor time.
const profileSeconds = 10

// profiled are the cases of which a profile is made, by the name of its file.
var profiled = map[string]string{"empty-list": floorCase, "list-of-10": listOf10Case, "list-of-all": allCase}

// Profiles writes profiles of the server into a folder, for go tool pprof: of its heap when it is idle, and of
// its processor time during requests of one case by one client.
func (b *Bench) Profiles(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := b.profile(ctx, heapProfile, filepath.Join(folder, "heap.pb.gz")); err != nil {
		return err
	}
	for file, name := range profiled {
		for _, r := range requests(b.World) {
			if r.name != name || r.server != ours || r.format != jsonFormat {
				continue
			}
			notef("profile: %s", r.key())
			if err := b.profileRequests(ctx, &r, filepath.Join(folder, file+".pb.gz")); err != nil {
				return fmt.Errorf("profile of %s: %w", r.key(), err)
			}
		}
	}
	return nil
}

// profileRequests profiles the server while a client sends requests.
func (b *Bench) profileRequests(ctx context.Context, r *request, file string) error {
	c, err := b.client(ctx, r.user)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	profiling, done := context.WithCancel(ctx)
	group.Go(func() error {
		defer done()
		return b.profile(ctx, fmt.Sprintf("/debug/pprof/profile?seconds=%d", profileSeconds), file)
	})
	group.Go(func() error {
		buffer := make([]byte, bufferBytes)
		for profiling.Err() == nil {
			// The last request is not interrupted: it may take a while.
			if _, _, err := c.get(ctx, r.path, accept[r.format], buffer); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

func (b *Bench) profile(ctx context.Context, path, file string) error {
	ctx, cancel := context.WithTimeout(ctx, profileSeconds*time.Second+readyTimeout)
	defer cancel()
	data, err := b.direct(ctx, path)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

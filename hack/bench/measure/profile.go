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
var profiled = map[string]string{
	"empty-list":            floorCase,
	"list-of-10":            listOf10Case,
	"list-of-10-groups-3":   groups3Case,
	"list-of-10-groups-300": groups300Case,
	"list-of-all":           allCase,
}

// Profiles writes profiles of the server into a folder, for go tool pprof: of its heap when it is idle, and of
// its processor time and its allocations during requests of one case by one client.
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
			n, err := b.profileRequests(ctx, &r, filepath.Join(folder, file))
			if err != nil {
				return fmt.Errorf("profile of %s: %w", r.key(), err)
			}
			notef("profile: %d requests of %s", n, r.key())
		}
	}
	return nil
}

// profileRequests profiles the server while a client sends requests, and returns how many it has sent. file
// is the path of the profiles without their endings.
func (b *Bench) profileRequests(ctx context.Context, r *request, file string) (sent int, err error) {
	c, err := b.client(ctx, r.user)
	if err != nil {
		return 0, err
	}
	requesting, ctx := errgroup.WithContext(ctx)
	profiling, done := context.WithCancel(ctx)
	requesting.Go(func() error {
		defer done()
		both, ctx := errgroup.WithContext(ctx)
		for ending, name := range map[string]string{".pb.gz": "profile", "-allocs.pb.gz": "allocs"} {
			both.Go(func() error {
				return b.profile(ctx, fmt.Sprintf("/debug/pprof/%s?seconds=%d", name, profileSeconds), file+ending)
			})
		}
		return both.Wait()
	})
	requesting.Go(func() error {
		buffer := make([]byte, bufferBytes)
		for ; profiling.Err() == nil; sent++ {
			// The last request is not interrupted: it may take a while.
			if _, _, err := c.get(ctx, r.path, accept[r.format], buffer); err != nil {
				return err
			}
		}
		return nil
	})
	err = requesting.Wait()
	return sent, err
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

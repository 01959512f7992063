// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// openers is the number of watches that are being opened at a time.
	openers = 16
	// eventPatience is how long to wait for events after the last write, while none arrives.
	eventPatience = 5 * time.Second
	// lineBytes is the size of the buffer of a watch: an event is a line, and longer ones are read in parts.
	lineBytes = 16 << 10
)

// streams are the open watches of one turn.
type streams struct {
	arrived    atomic.Int64
	terminated atomic.Int64
	// over is set before the watches are ended on purpose.
	over    atomic.Bool
	reading sync.WaitGroup

	mu        sync.Mutex
	latencies []time.Duration
}

// openWatches opens watchesOfTenant watches of each of the first Tenants. They start at the current state,
// without the objects that exist already.
func (b *Bench) openWatches(ctx context.Context, s *watched, tenants int, w *writes) (*streams, error) {
	all := &streams{}
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(openers)
	for tenant := range tenants {
		config, err := b.config(ctx, s.user(tenant))
		if err != nil {
			return nil, err
		}
		c, err := newClient(config)
		if err != nil {
			return nil, err
		}
		group.Go(func() error { return all.open(ctx, opening, c, s.path(tenant), w) })
	}
	return all, group.Wait()
}

// open opens the watches of one Tenant. The watches live as long as ctx; opening is done when another fails.
func (a *streams) open(ctx, opening context.Context, c *client, path string, w *writes) error {
	list, err := c.decode(opening, path+"&limit=1", accept[jsonFormat])
	if err != nil {
		return err
	}
	for range watchesOfTenant {
		if opening.Err() != nil {
			return opening.Err()
		}
		response, err := c.open(ctx, path+"&watch=1&resourceVersion="+list.Metadata.ResourceVersion, accept[jsonFormat]) //nolint:bodyclose // the goroutine below closes it
		if err != nil {
			return fmt.Errorf("opening a watch: %w", err)
		}
		a.reading.Add(1)
		go func() {
			defer a.reading.Done()
			defer response.Body.Close()
			a.read(response.Body, w)
		}()
	}
	return nil
}

// read notes when the events of a watch arrive, until the watch ends.
func (a *streams) read(body io.Reader, w *writes) {
	var latencies []time.Duration
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.latencies = append(a.latencies, latencies...)
	}()
	prefix := []byte(w.prefix())
	lines := bufio.NewReaderSize(body, lineBytes)
	for {
		line, err := lines.ReadSlice('\n')
		if number, ok := numberAfter(line, prefix); ok && number < len(w.sent) {
			latencies = append(latencies, time.Since(w.start)-time.Duration(w.sent[number].Load()))
			a.arrived.Add(1)
		}
		if err != nil && err != bufio.ErrBufferFull { //nolint:errorlint // ReadSlice returns the error itself
			if !a.over.Load() {
				a.terminated.Add(1)
			}
			return
		}
	}
}

// numberAfter returns the number that follows a prefix and precedes a quotation mark.
func numberAfter(line, prefix []byte) (int, bool) {
	i := bytes.Index(line, prefix)
	if i < 0 {
		return 0, false
	}
	digits, _, found := bytes.Cut(line[i+len(prefix):], []byte{'"'})
	if !found {
		return 0, false
	}
	n, err := strconv.Atoi(string(digits))
	return n, err == nil && n >= 0
}

// collect waits until all expected events have arrived, ends the watches with cancel, and adds what was
// measured to s.
func (a *streams) collect(ctx context.Context, cancel func(), s *watched, expected int) error {
	last, since := a.arrived.Load(), time.Now()
	for a.arrived.Load() < int64(expected) && time.Since(since) < eventPatience {
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
		if now := a.arrived.Load(); now != last {
			last, since = now, time.Now()
		}
	}
	a.over.Store(true)
	cancel()
	a.reading.Wait()
	s.latencies = append(s.latencies, a.latencies...)
	s.terminated += int(a.terminated.Load())
	if missing := expected - len(a.latencies); missing > 0 && a.terminated.Load() == 0 {
		return fmt.Errorf("%d of %d events did not arrive", missing, expected)
	}
	return nil
}

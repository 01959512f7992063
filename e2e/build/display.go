// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// How often a terminal's line is rewritten, and how often a line is written elsewhere.
	terminalInterval = 200 * time.Millisecond
	lineInterval     = 10 * time.Second
	// No longer, so that the line does not wrap and can be rewritten.
	lineWidth = 79
)

// Display shows the status of builds: on a terminal in one line that it rewrites, elsewhere, as in the log
// of a CI job, in a line every ten seconds. What takes less time writes nothing there.
type Display struct {
	out      io.Writer
	terminal bool
	start    time.Time
	now      func() time.Time

	mu     sync.Mutex
	status Status
	done   chan struct{}
	ended  sync.WaitGroup
}

// NewDisplay begins to show on out what Report is told, until Close.
func NewDisplay(out *os.File) *Display {
	d := newDisplay(out, isTerminal(out), time.Now)
	interval := lineInterval
	if d.terminal {
		interval = terminalInterval
	}
	d.ended.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-d.done:
				return
			case <-ticker.C:
				d.draw()
			}
		}
	})
	return d
}

func newDisplay(out io.Writer, terminal bool, now func() time.Time) *Display {
	return &Display{out: out, terminal: terminal, start: now(), now: now, done: make(chan struct{})}
}

// Report is the Report of the builds that are shown.
func (d *Display) Report(s Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status = s
}

// Close ends the display and removes its line from a terminal. It must be called once.
func (d *Display) Close() {
	close(d.done)
	d.ended.Wait()
	if d.terminal {
		fmt.Fprint(d.out, "\r\x1b[K")
	}
}

func (d *Display) draw() {
	d.mu.Lock()
	status := d.status
	d.mu.Unlock()
	elapsed := d.now().Sub(d.start).Round(time.Second)
	if !d.terminal {
		fmt.Fprintf(d.out, "  %s %s\n", elapsed, status)
		return
	}
	prefix := fmt.Sprintf("  %s ", elapsed)
	fmt.Fprint(d.out, "\r\x1b[K"+prefix+status.Fit(lineWidth-len(prefix)))
}

// isTerminal says whether a file is a terminal that can rewrite a line.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}

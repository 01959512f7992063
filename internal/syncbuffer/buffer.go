// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package syncbuffer holds text that tests read while others write it. It knows nothing about what it says.
package syncbuffer

import (
	"bytes"
	"sync"
)

// Buffer holds the output of a process, or a log. It may be read while it grows.
type Buffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write appends.
func (b *Buffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

// Take returns what was written since the last Take, and forgets it.
func (b *Buffer) Take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buffer.Reset()
	return b.buffer.String()
}

// String returns what was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

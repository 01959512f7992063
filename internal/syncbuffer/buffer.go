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

// String returns what was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

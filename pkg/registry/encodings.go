// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"capsule.dev/tenantview/pkg/packed"
	"capsule.dev/tenantview/pkg/view"
)

const (
	// maxEncodings is the number of bytes that the remembered encodings and their entries take at most, for all
	// kinds together.
	maxEncodings = 32 << 20
	// maxRemembered is the length of the longest list whose encodings are remembered. Longer ones, and the pages of
	// lists, would drive out those of all others.
	maxRemembered = 1_000
	// entryOverhead is what an entry takes in addition to its object.
	entryOverhead = 256
)

// Encodings remembers how entries look as items of a list in JSON, so that an object that many requests list is
// encoded once. It forgets first what nobody has listed for long.
type Encodings struct {
	limit int

	// generation counts how often recent has become older.
	generation atomic.Uint32

	mu sync.Mutex
	// recent are the entries that were remembered last, and older those before them. Both together take up
	// to limit bytes.
	recent, older []*view.Entry
	// bytes is the size of recent.
	bytes int
}

// NewEncodings returns Encodings for the kinds of one server.
func NewEncodings() *Encodings { return &Encodings{limit: maxEncodings} }

// encoded is an encoding that is remembered in an entry.
type encoded struct {
	data       []byte
	generation uint32
}

// of returns the encoding of an entry. It remembers it if keep is true.
func (c *Encodings) of(k *Kind, e *view.Entry, id ServerID, keep bool) ([]byte, error) {
	known, _ := e.Memo().(*encoded)
	if known == nil {
		data, err := json.Marshal(k.Convert(e, id))
		if err != nil {
			return nil, fmt.Errorf("encoding %s %s: %w", k.Name, e.Name, err)
		}
		if keep {
			c.remember(e, data)
		}
		return data, nil
	}
	if keep && known.generation != c.generation.Load() {
		c.remember(e, known.data)
	}
	return known.data, nil
}

// remember notes an encoding in the current generation.
func (c *Encodings) remember(e *view.Entry, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, _ := e.Memo().(*encoded); known != nil && known.generation == c.generation.Load() {
		return // another request was faster
	}
	// The entry counts, too: if another has replaced it, only this keeps it.
	size := len(data) + len(e.Value.(packed.Object)) + entryOverhead
	if c.bytes+size > c.limit/2 {
		c.age()
	}
	c.bytes += size
	c.recent = append(c.recent, e)
	e.SetMemo(&encoded{data: data, generation: c.generation.Load()})
}

// age forgets what is older, and begins a new generation.
func (c *Encodings) age() {
	for _, e := range c.older {
		// It may have been listed since, and be among the recent ones.
		if known, _ := e.Memo().(*encoded); known != nil && known.generation != c.generation.Load() {
			e.SetMemo(nil)
		}
	}
	clear(c.older)
	c.recent, c.older = c.older[:0], c.recent
	c.generation.Add(1)
	c.bytes = 0
}

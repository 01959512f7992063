// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
)

// History is the ordered history of a simulated cluster, like the store of an API server. It is not
// safe for concurrent use.
type History struct {
	*worlds.Random
	version uint64
	changes map[string][]happened
}

type happened struct {
	worlds.Change
	version uint64
}

// NewHistory returns the History of an empty cluster.
func NewHistory(random *worlds.Random) *History {
	return &History{Random: random, version: 1000, changes: make(map[string][]happened)}
}

// Happen makes a change, and returns its description. Versions have gaps, because other things also
// happen in a cluster.
func (h *History) Happen() string {
	h.version += 1 + h.Uint64N(3)
	c := happened{h.Next(), h.version}
	resource := c.ref().Resource
	h.changes[resource] = append(h.changes[resource], c)
	return c.String()
}

func (c *happened) ref() reference.Ref {
	if c.Object == nil {
		return c.Deleted
	}
	return reference.RefOf(c.Object)
}

// list returns the current objects of a resource.
func (h *History) list(resource string) []Item {
	latest := make(map[reference.Ref]Item)
	for i := range h.changes[resource] {
		c := &h.changes[resource][i]
		if c.Object == nil {
			delete(latest, c.Deleted)
		} else {
			latest[c.ref()] = Item{c.Object, c.version}
		}
	}
	var items []Item
	for _, item := range latest {
		items = append(items, item)
	}
	return items
}

// Late is a Feed whose sources deliver a History, each as late as tests want. It simulates a server's
// process.
type Late struct {
	*Feed
	// Delivered is what the sources have delivered.
	Delivered *reference.World
	// Applied is called after each delivery.
	Applied func()

	history *History
	at      map[string]int
}

// NewLate returns a Late for a History that has not delivered anything yet.
func NewLate(f *Feed, h *History) *Late {
	return &Late{Feed: f, Delivered: reference.NewWorld(), Applied: func() {}, history: h, at: make(map[string]int)}
}

// Start lists all resources one after the other, while more changes happen.
func (l *Late) Start() {
	resources := l.Resources()
	for _, i := range l.history.Perm(len(resources)) {
		l.Relist(resources[i])
		if l.history.IntN(4) == 0 {
			l.history.Happen()
		}
	}
	l.Cluster.GoLive()
	l.Applied()
}

// Behind returns the resources with undelivered changes, in a random order.
func (l *Late) Behind() []string {
	var behind []string
	resources := l.Resources()
	for _, i := range l.history.Perm(len(resources)) {
		if r := resources[i]; l.at[r] < len(l.history.changes[r]) {
			behind = append(behind, r)
		}
	}
	return behind
}

// Deliver makes a source deliver up to n changes.
func (l *Late) Deliver(resource string, n int) {
	changes := l.history.changes[resource]
	for ; n > 0 && l.at[resource] < len(changes); n-- {
		c := changes[l.at[resource]]
		l.at[resource]++
		if c.Object == nil {
			l.Delivered.Delete(c.Deleted)
			l.DeleteAt(c.Deleted, c.version)
		} else {
			l.Delivered.Put(c.Object)
			l.PutAt(Item{c.Object, c.version})
		}
		l.Applied()
	}
}

// Relist makes a source lose its connection and list again.
func (l *Late) Relist(resource string) {
	for _, ref := range l.Delivered.Refs() {
		if ref.Resource == resource {
			l.Delivered.Delete(ref)
		}
	}
	items := l.history.list(resource)
	for _, item := range items {
		l.Delivered.Put(item.Object)
	}
	l.ReplaceAt(resource, items, l.history.version)
	l.at[resource] = len(l.history.changes[resource])
	l.Applied()
}

// Bookmark makes a source deliver a bookmark, if it has delivered everything.
func (l *Late) Bookmark(resource string) {
	if l.at[resource] == len(l.history.changes[resource]) {
		l.BookmarkAt(resource, l.history.version)
		l.Applied()
	}
}

// CatchUp delivers everything.
func (l *Late) CatchUp() {
	for behind := l.Behind(); len(behind) > 0; behind = l.Behind() {
		for _, resource := range behind {
			l.Deliver(resource, 1+l.history.IntN(3))
		}
	}
}

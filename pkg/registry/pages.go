// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"container/list"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/view"
)

// Bounds of what unfinished lists may hold in memory.
const (
	// pageTTL is as long as etcd keeps a revision with kube-apiserver's default compaction.
	pageTTL = 5 * time.Minute
	// maxLists bounds the unfinished lists of one resource, and maxListsOfUser those of one
	// user among them: beyond, the oldest of the user, or of all, expires.
	maxLists       = 1000
	maxListsOfUser = 10
	// maxPagedEntries bounds the entries that unfinished lists of one resource refer to.
	maxPagedEntries = 1 << 20
)

const continueExpired = "The provided continue parameter is too old to display a consistent list result. " +
	"You can start a new list without the continue parameter."

// pages keeps the rest of lists that were answered in part, so that all parts show the
// same revision. A token says where in which list to go on; it is worth nothing to another
// user, to another server, or after a restart.
type pages struct {
	now func() time.Time

	mu     sync.Mutex
	lists  map[string]*list.Element // of *unfinished, by id
	oldest *list.List               // in the order in which they began
	byUser map[accessreview.Identity]int
	total  int // entries in all lists
}

// unfinished is a list of which a part has been answered.
type unfinished struct {
	id       string
	user     accessreview.Identity
	entries  []*view.Entry
	revision uint64
	expires  time.Time
}

// token is the content of a continue token.
type token struct {
	List string `json:"list"`
	From int    `json:"from"`
}

func newPages() *pages {
	return &pages{
		now:    time.Now,
		lists:  make(map[string]*list.Element),
		oldest: list.New(),
		byUser: make(map[accessreview.Identity]int),
	}
}

// start returns the first part of a list that is longer than limit.
func (p *pages) start(user accessreview.Identity, entries []*view.Entry, revision uint64, limit int) page {
	u := &unfinished{id: rand.Text(), user: user, entries: entries, revision: revision, expires: p.now().Add(pageTTL)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.makeRoom(u)
	p.lists[u.id] = p.oldest.PushBack(u)
	p.byUser[user]++
	p.total += len(entries)
	return u.part(0, limit)
}

// next returns the part of a list that a token names.
func (p *pages) next(user accessreview.Identity, continueToken string, limit int) (page, error) {
	var t token
	data, err := base64.RawURLEncoding.DecodeString(continueToken)
	if err != nil || json.Unmarshal(data, &t) != nil || t.List == "" || t.From < 0 {
		return page{}, apierrors.NewBadRequest("invalid continue token: continue key is not valid: it is not one that this server has given")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire()
	element, ok := p.lists[t.List]
	if !ok {
		return page{}, expired(continueExpired)
	}
	u := element.Value.(*unfinished)
	if u.user != user || t.From > len(u.entries) {
		return page{}, expired(continueExpired)
	}
	return u.part(t.From, limit), nil
}

// part returns up to limit entries, or all that are left if it is not positive.
func (u *unfinished) part(from, limit int) page {
	to := len(u.entries)
	if limit > 0 && limit < to-from { // from+limit may be more than an int
		to = from + limit
	}
	part := page{entries: append([]*view.Entry(nil), u.entries[from:to]...), revision: u.revision}
	if to < len(u.entries) {
		data, _ := json.Marshal(token{List: u.id, From: to}) // a string and a number
		part.next = base64.RawURLEncoding.EncodeToString(data)
		part.remaining = int64(len(u.entries) - to)
	}
	return part
}

// makeRoom drops the oldest lists until there is room for one more.
func (p *pages) makeRoom(u *unfinished) {
	p.expire()
	for e := p.oldest.Front(); e != nil && p.byUser[u.user] >= maxListsOfUser; {
		next := e.Next()
		if e.Value.(*unfinished).user == u.user {
			p.drop(e)
		}
		e = next
	}
	for p.oldest.Len() > 0 && (p.oldest.Len() >= maxLists || p.total+len(u.entries) > maxPagedEntries) {
		p.drop(p.oldest.Front())
	}
}

func (p *pages) expire() {
	now := p.now()
	for e := p.oldest.Front(); e != nil && now.After(e.Value.(*unfinished).expires); e = p.oldest.Front() {
		p.drop(e)
	}
}

func (p *pages) drop(e *list.Element) {
	u := p.oldest.Remove(e).(*unfinished)
	delete(p.lists, u.id)
	p.total -= len(u.entries)
	if p.byUser[u.user]--; p.byUser[u.user] == 0 {
		delete(p.byUser, u.user)
	}
}

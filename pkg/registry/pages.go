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
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/view"
)

// Bounds on the memory of unfinished lists.
const (
	// pageTTL is how long etcd keeps a revision with kube-apiserver's default compaction.
	pageTTL = 5 * time.Minute
	// maxLists bounds the unfinished lists of one resource, and maxListsOfUser those of one user
	// for one resource.
	maxLists       = 1000
	maxListsOfUser = 100
	// maxPagedBytes bounds the approximate size of the entries to which unfinished lists of one
	// resource refer. entryBytes is the size of one such reference.
	maxPagedBytes = 256 << 20
	entryBytes    = 64
)

const continueExpired = "The provided continue parameter is too old to display a consistent list result. " +
	"You can start a new list without the continue parameter."

// pages keeps the rest of lists that were answered in part, so that all parts show the same
// revision. A continue token names the list and where to continue. It is useless to other users, on
// other servers and after a restart.
type pages struct {
	now func() time.Time

	mu     sync.Mutex
	lists  map[string]*list.Element // of *unfinished, by id
	oldest *list.List               // in the order in which they began
	// total is what all lists use. shares is what the lists of each user use, by countedAs.
	total  share
	shares map[string]share
}

// share is how much of something is used.
type share struct{ lists, bytes int }

func (s share) plus(lists, bytes int) share { return share{s.lists + lists, s.bytes + bytes} }

// unfinished is a list that was answered in part.
type unfinished struct {
	id       string
	user     accessreview.Identity
	counted  string
	entries  []*view.Entry
	bytes    int
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
		shares: make(map[string]share),
	}
}

// start returns the first part of a list that is longer than limit.
func (p *pages) start(who user.Info, entries []*view.Entry, revision uint64, limit int) page {
	u := &unfinished{
		id: rand.Text(), user: accessreview.HolderOf(who), counted: countedAs(who.GetName()),
		entries: entries, bytes: entryBytes * len(entries), revision: revision, expires: p.now().Add(pageTTL),
	}
	for _, e := range entries {
		u.bytes += e.Size
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire()
	p.lists[u.id] = p.oldest.PushBack(u)
	p.account(u, 1)
	p.makeRoom(u)
	return u.part(0, limit)
}

// account adds a list to the totals, or removes it if the sign is -1.
func (p *pages) account(u *unfinished, sign int) {
	p.total = p.total.plus(sign, sign*u.bytes)
	p.shares[u.counted] = p.shares[u.counted].plus(sign, sign*u.bytes)
	if p.shares[u.counted].lists == 0 {
		delete(p.shares, u.counted)
	}
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

// part returns up to limit entries, or all that are left if limit is not positive.
func (u *unfinished) part(from, limit int) page {
	to := len(u.entries)
	if limit > 0 && limit < to-from { // from+limit may overflow
		to = from + limit
	}
	part := page{entries: append([]*view.Entry(nil), u.entries[from:to]...), revision: u.revision}
	if to < len(u.entries) {
		data, _ := json.Marshal(token{List: u.id, From: to}) // cannot fail: a string and a number
		part.next = base64.RawURLEncoding.EncodeToString(data)
		part.remaining = int64(len(u.entries) - to)
	}
	return part
}

// makeRoom drops lists until the latest one fits. If its user has too many lists, it drops that
// user's oldest one. If all users together have too many lists or bytes, it drops the oldest list
// of the user with the most of them.
func (p *pages) makeRoom(latest *unfinished) {
	if p.shares[latest.counted].lists > maxListsOfUser {
		p.drop(p.oldestOf(latest, func(user string) int {
			if user == latest.counted {
				return 1
			}
			return 0
		}))
	}
	for p.total.lists > maxLists {
		p.drop(p.oldestOf(latest, func(user string) int { return p.shares[user].lists }))
	}
	for p.total.bytes > maxPagedBytes && p.total.lists > 1 {
		p.drop(p.oldestOf(latest, func(user string) int { return p.shares[user].bytes }))
	}
}

// oldestOf returns the oldest list of the user with the greatest value, ignoring the latest list.
func (p *pages) oldestOf(latest *unfinished, greatest func(user string) int) (oldest *list.Element) {
	most := -1
	for e := p.oldest.Front(); e != nil; e = e.Next() {
		u := e.Value.(*unfinished)
		if u == latest {
			continue
		}
		if n := greatest(u.counted); n > most {
			oldest, most = e, n
		}
	}
	return oldest
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
	p.account(u, -1)
}

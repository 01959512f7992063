// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/accessreview"
)

// maxWaits bounds the requests of one user for one kind that wait for a resourceVersion, and
// maxWaitsOfAll those of all users. Each such request occupies one of the 400 places that the
// server has for requests under way.
const (
	maxWaits      = 10
	maxWaitsOfAll = 40
)

// Limit bounds how much of a shared resource each user holds at a time.
type Limit struct {
	of          string
	most, ofAll int
	// anySize lets a user who has none take one of any size.
	anySize bool

	mu    sync.Mutex
	count map[string]int
	total int
}

// NewLimit returns a limit. of says what is limited, for error messages. Each user may hold most,
// and all users together ofAll, unless that is 0. Half of ofAll is reserved for users who hold
// none.
func NewLimit(of string, most, ofAll int) *Limit {
	return &Limit{of: of, most: most, ofAll: ofAll, count: make(map[string]int)}
}

// NewSizeLimit returns a limit of what has a size. A user who holds nothing may take something of any
// size, as long as all users together hold less than ofAll.
func NewSizeLimit(of string, most, ofAll int) *Limit {
	l := NewLimit(of, most, ofAll)
	l.anySize = true
	return l
}

// Take takes one for the user, who must call giveBack once to return it. It fails with
// TooManyRequests if the user holds the maximum already, or if none is left.
func (l *Limit) Take(u user.Info) (giveBack func(), err error) { return l.TakeN(u, 1) }

// TakeN is Take for something that counts as n.
func (l *Limit) TakeN(u user.Info, n int) (giveBack func(), err error) {
	key := countedAs(u.GetName())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count[key]+n > l.most && (l.count[key] > 0 || !l.anySize) {
		return nil, apierrors.NewTooManyRequests(
			fmt.Sprintf("a user, or the service accounts of a namespace together, may have %d %s at a time", l.most, l.of), retryAfter)
	}
	// Those who hold little have a place in the second half.
	little := l.count[key] == 0 || l.count[key]+n <= l.most/50
	total := l.total + n
	hasRoom := total <= l.ofAll || l.anySize && l.count[key] == 0 && l.total < l.ofAll
	if l.ofAll > 0 && (!hasRoom || total > l.ofAll/2 && !little) {
		return nil, apierrors.NewTooManyRequests(fmt.Sprintf("there are too many %s at the moment", l.of), retryAfter)
	}
	l.count[key] += n
	l.total += n
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.total -= n
		if l.count[key] -= n; l.count[key] == 0 {
			delete(l.count, key)
		}
	}, nil
}

// countedAs returns the key by which a user's requests are counted.
func countedAs(name string) string { return accessreview.FlowDistinguisherOf(name) }

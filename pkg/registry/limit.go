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

// maxWaits bounds the requests of a user for one kind that wait for a resourceVersion, and
// maxWaitsOfAll those of all users: each keeps one of the 400 places that the server has for
// requests under way.
const (
	maxWaits      = 10
	maxWaitsOfAll = 40
)

// Limit bounds how much each user has at a time of what the server has for all.
type Limit struct {
	of          string
	most, ofAll int

	mu    sync.Mutex
	count map[string]int
	total int
}

// NewLimit returns a limit of what is called so, for error messages: for each user, and for all
// together, unless ofAll is 0. Half of that is left to users who have none.
func NewLimit(of string, most, ofAll int) *Limit {
	return &Limit{of: of, most: most, ofAll: ofAll, count: make(map[string]int)}
}

// Take takes one for the user, to be given back by calling the function, once. It fails with
// TooManyRequests if he has all that he may have, or if there is no more.
func (l *Limit) Take(u user.Info) (giveBack func(), err error) { return l.TakeN(u, 1) }

// TakeN takes n at once, of something that is as large as n others.
func (l *Limit) TakeN(u user.Info, n int) (giveBack func(), err error) {
	key := countedAs(u.GetName())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count[key]+n > l.most {
		return nil, apierrors.NewTooManyRequests(
			fmt.Sprintf("a user, or the service accounts of a namespace together, may have %d %s at a time", l.most, l.of), retryAfter)
	}
	if total := l.total + n; l.ofAll > 0 && (total > l.ofAll || total > l.ofAll/2 && l.count[key] > 0) {
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

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
func (l *Limit) Take(u user.Info) (giveBack func(), err error) {
	key := countedAs(u.GetName())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count[key] >= l.most {
		return nil, apierrors.NewTooManyRequests(
			fmt.Sprintf("a user, or the service accounts of a namespace together, may have %d %s at a time", l.most, l.of), retryAfter)
	}
	if l.ofAll > 0 && (l.total >= l.ofAll || l.total >= l.ofAll/2 && l.count[key] > 0) {
		return nil, apierrors.NewTooManyRequests(fmt.Sprintf("there are too many %s at the moment", l.of), retryAfter)
	}
	l.count[key]++
	l.total++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.total--
		if l.count[key]--; l.count[key] == 0 {
			delete(l.count, key)
		}
	}, nil
}

// countedAs returns the key by which a user's requests are counted.
func countedAs(name string) string { return accessreview.FlowDistinguisherOf(name) }

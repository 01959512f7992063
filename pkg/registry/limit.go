// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"
)

// How much of what the server has for all one user may have at a time, of one kind.
const (
	// maxWaits bounds the requests that wait for a revision: each keeps one of the places
	// that the generic API server has for requests under way.
	maxWaits = 10
	// maxWatches bounds the running watches.
	maxWatches = 2000
)

// limit counts what users have at a time. Users are told apart by their name: that is what
// nobody has several of.
type limit struct {
	of   string
	most int

	mu    sync.Mutex
	count map[string]int
}

func newLimit(of string, most int) *limit {
	return &limit{of: of, most: most, count: make(map[string]int)}
}

// take takes one for the user, to be given back by calling the function, once. It fails if
// he has all that he may have.
func (l *limit) take(u user.Info) (giveBack func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := u.GetName()
	if l.count[name] >= l.most {
		return nil, apierrors.NewTooManyRequests(fmt.Sprintf("the user has %d %s already", l.most, l.of), retryAfter)
	}
	l.count[name]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.count[name]--; l.count[name] == 0 {
			delete(l.count, name)
		}
	}, nil
}

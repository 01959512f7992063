// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
)

// maxWaits bounds the requests of a user for one kind that wait for a revision: each keeps one
// of the places that the generic API server has for requests under way.
const maxWaits = 10

// Limit bounds how much each user has at a time of what the server has for all.
type Limit struct {
	of   string
	most int

	mu    sync.Mutex
	count map[string]int
}

// NewLimit returns a limit of what is called so, for error messages.
func NewLimit(of string, most int) *Limit {
	return &Limit{of: of, most: most, count: make(map[string]int)}
}

// Take takes one for the user, to be given back by calling the function, once. It fails with
// TooManyRequests if he has all that he may have.
func (l *Limit) Take(u user.Info) (giveBack func(), err error) {
	key := countedAs(u.GetName())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count[key] >= l.most {
		return nil, apierrors.NewTooManyRequests(
			fmt.Sprintf("a user, or the service accounts of a namespace together, may have %d %s at a time", l.most, l.of), retryAfter)
	}
	l.count[key]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.count[key]--; l.count[key] == 0 {
			delete(l.count, key)
		}
	}, nil
}

// countedAs returns what is limited together. Users are told apart by their name: that is what
// nobody has several of. The service accounts of a namespace count as one user: whoever may
// create one may create many.
func countedAs(name string) string {
	if namespace, _, err := serviceaccount.SplitUsername(name); err == nil {
		return serviceaccount.MakeNamespaceGroupName(namespace)
	}
	return name
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
)

// FlowDistinguisher returns the key by which requests are counted against a limit, as the
// flow distinguisher methods of kube-apiserver's priority and fairness do: by user, and for
// service accounts by namespace. A person has one user name. Whoever may create one service
// account may create many, so those of a namespace share a limit.
func FlowDistinguisher(u user.Info) string { return FlowDistinguisherOf(u.GetName()) }

// FlowDistinguisherOf is FlowDistinguisher for a user name.
func FlowDistinguisherOf(name string) string {
	if namespace, _, err := serviceaccount.SplitUsername(name); err == nil {
		return serviceaccount.MakeNamespaceGroupName(namespace)
	}
	return name
}

const (
	// nameRate and nameBurst limit the reviews that are made because of what one flow asks for:
	// no person reaches them, and guesses do not become load on kube-apiserver.
	nameRate  = rate.Limit(5) // per second
	nameBurst = 25
	// maxFlows is how many flows are remembered. One that is not begins with a full burst.
	maxFlows = 8192
)

// NameLimit limits the reviews about single names, and whatever else a user may invent, for
// each flow. All reviewers of a server share one.
type NameLimit struct {
	mu    sync.Mutex // makes one limiter for each flow
	flows *cache.LRUExpireCache
}

// NewNameLimit returns a limit of which nothing has been used.
func NewNameLimit() *NameLimit {
	return &NameLimit{flows: cache.NewLRUExpireCache(maxFlows)}
}

// Allow tells whether one more review may be made now for the user, and counts it if so.
func (l *NameLimit) Allow(u user.Info) bool { return l.of(FlowDistinguisher(u)).Allow() }

func (l *NameLimit) of(flow string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.flows.Get(flow); ok {
		return known.(*rate.Limiter)
	}
	limiter := rate.NewLimiter(nameRate, nameBurst)
	l.flows.Add(flow, limiter, time.Hour)
	return limiter
}

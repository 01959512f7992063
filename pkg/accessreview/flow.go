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

// FlowDistinguisher returns the key by which requests are counted against a limit: the user, or
// the namespace of a service account. These are the flow distinguisher methods of kube-apiserver's
// priority and fairness. A person has one user name. But a user who may create one service account
// may create many, so the service accounts of a namespace share a limit.
func FlowDistinguisher(u user.Info) string { return FlowDistinguisherOf(u.GetName()) }

// FlowDistinguisherOf is FlowDistinguisher for a user name.
func FlowDistinguisherOf(name string) string {
	if namespace, _, err := serviceaccount.SplitUsername(name); err == nil {
		return serviceaccount.MakeNamespaceGroupName(namespace)
	}
	return name
}

const (
	// nameRate and nameBurst limit the reviews for the names that one flow asks for. No person
	// reaches these limits, and guessing cannot load kube-apiserver.
	nameRate  = rate.Limit(5) // per second
	nameBurst = 25
	// maxFlows is how many flows are remembered. A forgotten flow begins again with a full burst.
	maxFlows = 8192
)

// NameLimit limits, for each flow, the reviews about single names and other things that a user can
// invent. All reviewers of a server share one.
type NameLimit struct {
	mu    sync.Mutex // ensures that each flow has only one limiter
	flows *cache.LRUExpireCache
}

// NewNameLimit returns an unused limit.
func NewNameLimit() *NameLimit {
	return &NameLimit{flows: cache.NewLRUExpireCache(maxFlows)}
}

// Allow returns whether one more review for the user is allowed now. If so, it counts the review.
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

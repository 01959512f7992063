// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package accessreview asks an authorizer what a user may do to upstream resources, so
// that native RBAC can add to what he sees. Whatever goes wrong adds nothing.
package accessreview

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/klog/v2"
)

const (
	// answerTTL is how long an answer is believed by requests, and failureTTL how long an
	// authorizer that did not answer is left alone with the same question.
	answerTTL  = 10 * time.Second
	failureTTL = 2 * time.Second
	// outageIntervals is for how many intervals of running watches an answer is believed while
	// the authorizer does not give another: a kube-apiserver that restarts takes away nobody's
	// rights. A client that lists would take it for the deletion of what it saw.
	outageIntervals = 4
	// timeout bounds a review, and so what a request can lose by one that does not answer.
	timeout = 3 * time.Second
	// Sizes of the caches. Names have one of their own: who guesses names must not displace
	// the answers that lists need.
	listAnswers = 1 << 16
	nameAnswers = 8192
	limiters    = 8192
	// Reviews of names are limited for each user, so that guesses cannot become load.
	nameRate  = rate.Limit(5) // per second
	nameBurst = 25
)

// Reviewer asks questions about upstream resources. Answers are kept for a while; the same
// question is not asked twice at a time.
type Reviewer struct {
	authorizer authorizer.UnconditionalAuthorizer
	flights    singleflight.Group
	lists      *cache.LRUExpireCache
	names      *cache.LRUExpireCache
	limiters   *cache.LRUExpireCache
	limiting   sync.Mutex // makes one limiter for each identity
	// watchTTL is how long an answer is believed by running watches, and outageTTL how long
	// while reviews fail.
	watchTTL, outageTTL time.Duration
	outage              outage
}

// watchShare divides the interval of running watches: for that part of it, the watches of a
// user share an answer. They hear of a change at most that much later than an interval after
// it, and a user has at most that many reviews of a kind in an interval, however many
// watches he has.
const watchShare = 2

// New returns a Reviewer that asks a, which need not cache. Running watches ask at the
// interval.
func New(a authorizer.UnconditionalAuthorizer, watchInterval time.Duration) *Reviewer {
	return &Reviewer{
		watchTTL:   watchInterval / watchShare,
		outageTTL:  watchInterval * outageIntervals,
		authorizer: a,
		lists:      cache.NewLRUExpireCache(listAnswers),
		names:      cache.NewLRUExpireCache(nameAnswers),
		limiters:   cache.NewLRUExpireCache(limiters),
	}
}

// question is what is asked about an identity; name is empty for lists.
type question struct {
	identity Identity
	resource schema.GroupResource
	name     string
}

// CanList tells whether the user may list the resource in the whole cluster.
func (r *Reviewer) CanList(ctx context.Context, u user.Info, resource schema.GroupVersionResource) bool {
	return r.canList(ctx, u, resource, answerTTL)
}

// CanStillList is CanList for a watch that is running. The answer may be as old as a part of
// the interval, so that the watches of a user share reviews.
func (r *Reviewer) CanStillList(ctx context.Context, u user.Info, resource schema.GroupVersionResource) bool {
	return r.canList(ctx, u, resource, r.watchTTL)
}

func (r *Reviewer) canList(ctx context.Context, u user.Info, resource schema.GroupVersionResource, maxAge time.Duration) bool {
	q := question{identity: IdentityOf(u), resource: resource.GroupResource()}
	if known := known(r.lists, q); known.isFresh(maxAge) {
		return known.allowed
	}
	return r.ask(ctx, r.lists, q, attributes(u, resource, "list", ""))
}

// ErrTooManyNames says that the user asks about more names than may be asked about for him.
var ErrTooManyNames = errors.New("too many requests for objects by their name")

// CanGet tells whether the user may get the object of that name. Beyond a rate that no
// person reaches, it fails with ErrTooManyNames without asking, whatever the name.
func (r *Reviewer) CanGet(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string) (bool, error) {
	q := question{identity: IdentityOf(u), resource: resource.GroupResource(), name: name}
	if known := known(r.names, q); known.isFresh(answerTTL) {
		return known.allowed, nil
	}
	if !r.limiter(HolderOf(u)).Allow() {
		return false, ErrTooManyNames
	}
	return r.ask(ctx, r.names, q, attributes(u, resource, "get", name)), nil
}

// answer is what is known of a question. The zero answer, of which nothing is, is older than any.
type answer struct {
	allowed bool
	// given is when a review said so, and asked when the last one was to.
	given, asked time.Time
}

func known(answers *cache.LRUExpireCache, q question) answer {
	if known, ok := answers.Get(q); ok {
		return known.(answer)
	}
	return answer{}
}

func (a *answer) isFresh(maxAge time.Duration) bool {
	if a.asked != a.given { // the last review failed
		maxAge = failureTTL
	}
	return time.Since(a.asked) < maxAge
}

// ask waits for the answer as long as the request lives, and no longer than the review may
// take. The review goes on without the request, for the others that wait for it.
func (r *Reviewer) ask(ctx context.Context, answers *cache.LRUExpireCache, q question, a authorizer.Attributes) bool {
	flight := r.flights.DoChan(q.key(), func() (any, error) {
		reviewing, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		decision, _, err := r.authorizer.Authorize(reviewing, a)
		r.outage.note(klog.FromContext(ctx), q.resource, err)
		now := time.Now()
		latest := answer{allowed: decision == authorizer.DecisionAllow, given: now, asked: now}
		if err != nil {
			latest = r.believed(answers, q)
			latest.asked = now
		}
		answers.Add(q, latest, max(answerTTL, r.outageTTL))
		return latest.allowed, nil
	})
	select {
	case result := <-flight:
		allowed, _ := result.Val.(bool)
		return allowed
	case <-ctx.Done():
		return r.believed(answers, q).allowed
	}
}

// believed is what is known of a question while no review answers it.
func (r *Reviewer) believed(answers *cache.LRUExpireCache, q question) answer {
	if known := known(answers, q); time.Since(known.given) < r.outageTTL {
		return known
	}
	return answer{}
}

func (q question) key() string {
	return string(q.identity[:]) + q.resource.String() + "/" + q.name
}

func (r *Reviewer) limiter(id Identity) *rate.Limiter {
	r.limiting.Lock()
	defer r.limiting.Unlock()
	if l, ok := r.limiters.Get(id); ok {
		return l.(*rate.Limiter)
	}
	l := rate.NewLimiter(nameRate, nameBurst)
	r.limiters.Add(id, l, time.Hour)
	return l
}

func attributes(u user.Info, resource schema.GroupVersionResource, verb, name string) authorizer.Attributes {
	return authorizer.AttributesRecord{
		User:            u,
		Verb:            verb,
		APIGroup:        resource.Group,
		APIVersion:      resource.Version,
		Resource:        resource.Resource,
		Name:            name,
		ResourceRequest: true,
	}
}

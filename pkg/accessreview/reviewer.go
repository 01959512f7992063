// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package accessreview asks kube-apiserver what users may do: a Reviewer about upstream
// resources, so that native RBAC can add to what a user sees, and a Delegated about this server's
// own. Whatever goes wrong allows nothing.
package accessreview

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"
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
	// the authorizer does not give another, and maxOutage the longest time for which it is: a
	// kube-apiserver that restarts takes away nobody's rights. A client that lists would take it
	// for the deletion of what it saw.
	outageIntervals = 4
	maxOutage       = 2 * time.Minute
	// timeout bounds a review, and so what a request can lose by one that does not answer.
	timeout = 3 * time.Second
	// Sizes of the caches. Names have one of their own: who guesses names must not displace
	// the answers that lists need.
	listAnswers = 1 << 16
	nameAnswers = 8192
)

// Reviewer asks questions about upstream resources. Answers are kept for a while; the same
// question is not asked twice at a time.
type Reviewer struct {
	authorizer authorizer.UnconditionalAuthorizer
	flights    singleflight.Group
	lists      *cache.LRUExpireCache
	names      *cache.LRUExpireCache
	limit      *NameLimit
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
// interval. Questions about names are counted against the limit.
func New(a authorizer.UnconditionalAuthorizer, watchInterval time.Duration, names *NameLimit) *Reviewer {
	return &Reviewer{
		watchTTL:   watchInterval / watchShare,
		outageTTL:  min(watchInterval*outageIntervals, maxOutage),
		authorizer: a,
		limit:      names,
		lists:      cache.NewLRUExpireCache(listAnswers),
		names:      cache.NewLRUExpireCache(nameAnswers),
	}
}

// question is what is asked about an identity; name is empty for lists.
type question struct {
	identity Identity
	resource schema.GroupResource
	name     string
}

// ErrUnknown says that a review failed, and that no answer was given to its question lately.
var ErrUnknown = errors.New("what the user may do could not be asked")

// ErrTooManyNames says that more single objects or paths are asked about for a user than may be.
var ErrTooManyNames = errors.New("too many requests for single objects or paths")

// CanList tells whether the user may list the resource in the whole cluster. It fails with
// ErrUnknown; whoever is not known to be allowed is not.
func (r *Reviewer) CanList(ctx context.Context, u user.Info, resource schema.GroupVersionResource) (bool, error) {
	return r.canList(ctx, u, resource, answerTTL)
}

// CanStillList is CanList for a watch that is running. The answer may be as old as a part of
// the interval, so that the watches of a user share reviews.
func (r *Reviewer) CanStillList(ctx context.Context, u user.Info, resource schema.GroupVersionResource) (bool, error) {
	return r.canList(ctx, u, resource, r.watchTTL)
}

func (r *Reviewer) canList(ctx context.Context, u user.Info, resource schema.GroupVersionResource, maxAge time.Duration) (bool, error) {
	q := question{identity: IdentityOf(u), resource: resource.GroupResource()}
	if known := known(r.lists, q); known.isFresh(maxAge) {
		return known.result()
	}
	return r.ask(ctx, r.lists, q, attributes(u, resource, "list", ""))
}

// CanGet tells whether the user may get the object of that name. It fails with ErrUnknown, as
// CanList does. Beyond a rate that no person reaches, it fails with ErrTooManyNames without
// asking, whatever the name.
func (r *Reviewer) CanGet(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string) (bool, error) {
	q := question{identity: IdentityOf(u), resource: resource.GroupResource(), name: name}
	if known := known(r.names, q); known.isFresh(answerTTL) {
		return known.result()
	}
	if !r.limit.Allow(u) {
		return false, ErrTooManyNames
	}
	return r.ask(ctx, r.names, q, attributes(u, resource, "get", name))
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

// result returns ErrUnknown if no review has said anything.
func (a *answer) result() (bool, error) {
	if a.given.IsZero() {
		return false, ErrUnknown
	}
	return a.allowed, nil
}

func (a *answer) isFresh(maxAge time.Duration) bool {
	if a.asked != a.given { // the last review failed
		maxAge = failureTTL
	}
	return time.Since(a.asked) < maxAge
}

// ask waits for the answer as long as the request lives, and no longer than the review may
// take. The review goes on without the request, for the others that wait for it.
func (r *Reviewer) ask(ctx context.Context, answers *cache.LRUExpireCache, q question, a authorizer.Attributes) (bool, error) {
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
		answers.Add(q, latest, max(answerTTL, r.watchTTL, r.outageTTL))
		return latest, nil
	})
	latest := answer{}
	select {
	case result := <-flight:
		latest, _ = result.Val.(answer)
	case <-ctx.Done():
		latest = r.believed(answers, q)
	}
	return latest.result()
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

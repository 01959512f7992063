// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package accessreview asks kube-apiserver what users may do. A Reviewer asks about upstream
// resources, so that native RBAC can add to what a user sees. A Delegated asks about this server's
// own resources. Failures never allow anything.
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
	// answerTTL is how long an answer is valid for requests. failureTTL is how long a question is
	// not asked again after its review failed.
	answerTTL  = 10 * time.Second
	failureTTL = 2 * time.Second
	// While reviews fail, the last answer stays valid for outageIntervals intervals of running
	// watches, and at most for maxOutage. So users keep their rights while kube-apiserver restarts:
	// clients would take an empty list for the deletion of what they saw.
	outageIntervals = 4
	maxOutage       = 2 * time.Minute
	// timeout bounds a review, and so the time that a request can lose when there is no answer.
	timeout = 3 * time.Second
	// These are the sizes of the caches. Names have their own cache: users who guess names must
	// not displace the answers that lists need.
	listAnswers = 1 << 16
	nameAnswers = 8192
)

// Reviewer asks questions about upstream resources. It keeps answers for a while, and asks the same
// question only once at a time.
type Reviewer struct {
	authorizer authorizer.UnconditionalAuthorizer
	flights    singleflight.Group
	lists      *cache.LRUExpireCache
	names      *cache.LRUExpireCache
	limit      *NameLimit
	// watchTTL is how long an answer is valid for running watches, and outageTTL how long it is
	// valid while reviews fail.
	watchTTL, outageTTL time.Duration
	outage              outage
}

// watchShare divides the interval of running watches. The watches of a user share an answer for
// interval/watchShare. So a watch learns of a change at most interval + interval/watchShare after
// it, and a user causes at most watchShare reviews of a kind in an interval, no matter how many
// watches the user has.
const watchShare = 2

// New returns a Reviewer that asks the authorizer a, which need not cache. watchInterval is the
// interval at which running watches ask. Questions about names count against the limit.
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

// ErrUnknown means that a review failed and that there is no recent answer to its question.
var ErrUnknown = errors.New("the access review failed")

// ErrTooManyNames means that a user has asked about too many single objects or paths.
var ErrTooManyNames = errors.New("too many requests for single objects or paths")

// CanList returns whether the user may list the resource in the whole cluster. It returns false
// and ErrUnknown if the answer is not known.
func (r *Reviewer) CanList(ctx context.Context, u user.Info, resource schema.GroupVersionResource) (bool, error) {
	return r.canList(ctx, u, resource, answerTTL)
}

// CanStillList is CanList for a running watch. Its answer may be older, up to a part of the
// interval, so that the watches of a user share reviews.
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

// CanGet returns whether the user may get the object with that name. It fails with ErrUnknown, as
// CanList does. Beyond a rate that no person reaches, it fails with ErrTooManyNames without asking,
// whatever the name.
func (r *Reviewer) CanGet(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string) (bool, error) {
	q := question{identity: IdentityOf(u), resource: resource.GroupResource(), name: name}
	if known := known(r.names, q); known.isFresh(answerTTL) {
		return known.result()
	}
	return r.ask(ctx, r.names, q, attributes(u, resource, "get", name))
}

// answer is what is known about a question. The zero answer means that nothing is known; it is older
// than any other.
type answer struct {
	allowed bool
	// given is the time of the review that gave the answer. asked is the time of the latest review,
	// which may have failed.
	given, asked time.Time
}

func known(answers *cache.LRUExpireCache, q question) answer {
	if known, ok := answers.Get(q); ok {
		return known.(answer)
	}
	return answer{}
}

// result returns ErrUnknown if no review has given an answer.
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

// ask waits for the answer until the request ends or the review times out. The review goes on
// after the request has ended, because others may wait for it.
func (r *Reviewer) ask(ctx context.Context, answers *cache.LRUExpireCache, q question, a authorizer.Attributes) (bool, error) {
	flight := r.flights.DoChan(q.key(), func() (any, error) {
		// Here, so that equal questions of many requests count as one.
		if q.name != "" && !r.limit.Allow(askerOf(ctx, a.GetUser())) {
			return answer{}, ErrTooManyNames
		}
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
		if result.Err != nil {
			return false, result.Err
		}
		latest, _ = result.Val.(answer)
	case <-ctx.Done():
		latest = r.believed(answers, q)
	}
	return latest.result()
}

// believed returns the earlier answer to a question whose review has failed or is not done, as long
// as that answer is valid.
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

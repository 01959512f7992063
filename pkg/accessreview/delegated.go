// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

const (
	// decisions is how many answers are kept, as by the authorizer of k8s.io/apiserver. What one
	// takes does not depend on the request: its key is a digest, and its reason is clipped.
	decisions = 8192
	maxReason = 512
	// delegatedTimeout bounds a review with all its tries: the time that a request has by default.
	delegatedTimeout = time.Minute
	// maxNameLength is that of the longest name that an object can have. Nothing is asked about
	// a longer one.
	maxNameLength = validation.DNS1123SubdomainMaxLength
)

// DelegatedConfig is what a Delegated is made from.
type DelegatedConfig struct {
	// Reviews answers the questions. It need not cache.
	Reviews authorizer.UnconditionalAuthorizer
	// Served are the resources of the server. Questions about them without a name are few, and
	// are not limited.
	Served sets.Set[schema.GroupVersionResource]
	// Names limits all other questions.
	Names *NameLimit
	// AllowTTL is how long a permission is believed, and DenyTTL how long a refusal.
	AllowTTL, DenyTTL time.Duration
}

// Delegated is the authorizer of requests to this server: it decides who may ask, not what he
// sees. It asks as the delegating authorizer of k8s.io/apiserver does, but such that users
// cannot make load or memory of it:
//
//   - Selectors are left out of the question. They can only narrow it.
//   - A request for an object of this server is first asked about without its name, which means
//     all names (see ResourceAttributes in k8s.io/api/authorization/v1). Only if that is not
//     allowed, the name is asked about. Whom somebody may impersonate is asked by name only.
//   - Questions that a user can invent (names, paths, resources that are not served) are limited
//     for each user, and then fail with ErrTooManyNames, whatever exists.
//   - Equal questions are asked once at a time, and answers are kept by digest.
type Delegated struct {
	DelegatedConfig
	flights singleflight.Group
	answers *cache.LRUExpireCache // of decision, by digestOf
}

// NewDelegated returns an authorizer that has asked nothing yet.
func NewDelegated(config DelegatedConfig) *Delegated {
	return &Delegated{DelegatedConfig: config, answers: cache.NewLRUExpireCache(decisions)}
}

type decision struct {
	decision authorizer.Decision
	reason   string
}

// Authorize decides on a request. A review that fails decides nothing, with the error.
func (d *Delegated) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	q := authorizer.AttributesRecord{
		User: a.GetUser(), Verb: a.GetVerb(), ResourceRequest: a.IsResourceRequest(), Path: a.GetPath(),
		APIGroup: a.GetAPIGroup(), APIVersion: a.GetAPIVersion(), Resource: a.GetResource(), Subresource: a.GetSubresource(),
		Namespace: a.GetNamespace(),
	}
	if q.User == nil {
		return authorizer.DecisionNoOpinion, "", errors.New("the request names no user")
	}
	if q.ResourceRequest {
		q.Path = "" // which says nothing more, and would make each name another question
	}
	if name := a.GetName(); name != "" && d.isServed(q) {
		answer, err := d.ask(ctx, q)
		if err != nil || answer.decision == authorizer.DecisionAllow || len(name) > maxNameLength {
			return answer.decision, answer.reason, err
		}
	}
	q.Name = a.GetName()
	answer, err := d.ask(ctx, q)
	return answer.decision, answer.reason, err
}

// undecided is the answer to a question that was not answered.
var undecided = decision{decision: authorizer.DecisionNoOpinion}

func (d *Delegated) ask(ctx context.Context, q authorizer.AttributesRecord) (decision, error) {
	key := digestOf(q)
	if known, ok := d.answers.Get(key); ok {
		return known.(decision), nil
	}
	if !d.isServed(q) && !d.Names.Allow(q.User) {
		return undecided, ErrTooManyNames
	}
	flight := d.flights.DoChan(string(key[:]), func() (any, error) {
		// The review is for all who wait for it, even if the first of them goes away.
		reviewing, cancel := context.WithTimeout(context.WithoutCancel(ctx), delegatedTimeout)
		defer cancel()
		verdict, reason, err := d.Reviews.Authorize(reviewing, q)
		answer := decision{decision: verdict, reason: reason[:min(len(reason), maxReason)]}
		if err != nil {
			return undecided, err
		}
		ttl := d.DenyTTL
		if verdict == authorizer.DecisionAllow {
			ttl = d.AllowTTL
		}
		if ttl > 0 {
			d.answers.Add(key, answer, ttl)
		}
		return answer, nil
	})
	select {
	case result := <-flight:
		return result.Val.(decision), result.Err
	case <-ctx.Done():
		return undecided, ctx.Err()
	}
}

// isServed tells whether a question is one of the few that concern whole resources of this
// server, of which a user cannot invent more.
func (d *Delegated) isServed(q authorizer.AttributesRecord) bool {
	return q.ResourceRequest && q.Name == "" && q.Subresource == "" && q.Namespace == "" &&
		d.Served.Has(schema.GroupVersionResource{Group: q.APIGroup, Version: q.APIVersion, Resource: q.Resource})
}

// digestOf tells questions apart. Its size does not depend on them.
func digestOf(q authorizer.AttributesRecord) [sha256.Size]byte {
	identity := IdentityOf(q.User)
	buffer := make([]byte, 0, 256)
	buffer = append(buffer, identity[:]...)
	kind := byte(0)
	if q.ResourceRequest {
		kind = 1
	}
	buffer = append(buffer, kind)
	for _, s := range [...]string{q.Verb, q.APIGroup, q.APIVersion, q.Resource, q.Subresource, q.Namespace, q.Name, q.Path} {
		buffer = binary.AppendUvarint(buffer, uint64(len(s)))
		buffer = append(buffer, s...)
	}
	return sha256.Sum256(buffer)
}

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
	// decisions is how many answers are kept, as in the authorizer of k8s.io/apiserver. The size of
	// an answer does not depend on the request: its key is a digest, and its reason is clipped.
	decisions = 8192
	maxReason = 512
	// delegatedTimeout bounds a review with all its retries. It is the default timeout of a request.
	delegatedTimeout = time.Minute
	// maxNameLength is the length of the longest name that an object can have. A longer name is
	// never asked about.
	maxNameLength = validation.DNS1123SubdomainMaxLength
)

// DelegatedConfig configures a Delegated.
type DelegatedConfig struct {
	// Reviews answers the questions. It need not cache.
	Reviews authorizer.UnconditionalAuthorizer
	// Served holds the resources of the server. Questions about them without a name are few, and
	// are not limited.
	Served sets.Set[schema.GroupVersionResource]
	// Names limits all other questions.
	Names *NameLimit
	// AllowTTL is how long a permission stays valid, and DenyTTL how long a refusal.
	AllowTTL, DenyTTL time.Duration
}

// Delegated is the authorizer of requests to this server. It decides which requests are allowed,
// not which objects they show. It asks the same as the delegating authorizer of k8s.io/apiserver,
// with these differences, so that users cannot cause much load or memory:
//
//   - It leaves selectors out of the question. They can only narrow it.
//   - For a request for one object of this server, it first asks without the name, which means
//     all names (see ResourceAttributes in k8s.io/api/authorization/v1). It asks about the name
//     only if that is not allowed. It asks about impersonation by name only.
//   - It limits, for each user, the questions that the user can invent: names, paths and resources
//     that are not served. Beyond the limit they fail with ErrTooManyNames, whether or not the
//     named thing exists.
//   - It asks equal questions once at a time, and keeps answers by digest.
type Delegated struct {
	DelegatedConfig
	flights singleflight.Group
	answers *cache.LRUExpireCache // of decision, by digestOf
}

// NewDelegated returns an authorizer without any kept answers.
func NewDelegated(config DelegatedConfig) *Delegated {
	return &Delegated{DelegatedConfig: config, answers: cache.NewLRUExpireCache(decisions)}
}

type decision struct {
	decision authorizer.Decision
	reason   string
}

// Authorize decides on a request. If the review fails, it returns DecisionNoOpinion and the error.
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
		q.Path = "" // adds nothing, and would make each name a different question
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

// undecided is the decision on a question without an answer.
var undecided = decision{decision: authorizer.DecisionNoOpinion}

func (d *Delegated) ask(ctx context.Context, q authorizer.AttributesRecord) (decision, error) {
	key := digestOf(q)
	if known, ok := d.answers.Get(key); ok {
		return known.(decision), nil
	}
	flight := d.flights.DoChan(string(key[:]), func() (any, error) {
		// Here, so that equal questions of many requests count as one.
		if !d.isServed(q) && !d.Names.Allow(q.User) {
			return undecided, ErrTooManyNames
		}
		// All requests with the same question wait for this review. It must go on even if the first
		// of them is cancelled.
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

// isServed returns whether a question is about a whole resource of this server. There are few such
// questions, and users cannot invent more.
func (d *Delegated) isServed(q authorizer.AttributesRecord) bool {
	return q.ResourceRequest && q.Name == "" && q.Subresource == "" && q.Namespace == "" &&
		d.Served.Has(schema.GroupVersionResource{Group: q.APIGroup, Version: q.APIVersion, Resource: q.Resource})
}

// digestOf returns a digest that is different for different questions.
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

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Bounds of an answer.
const (
	maxGrants  = 100
	maxMisses  = 100
	maxInWords = 20
	maxSelects = 1024
)

// question is a review that is being answered.
type question struct {
	*shared
	kind *registry.REST
	user user.Info
	name string
	op   view.Operations
	// self is true if the user asks himself: the answer then contains nothing else than what he may
	// know.
	self bool
}

// answer answers the question for the user himself.
func (q *question) answer(ctx context.Context) (v1alpha1.SelfTenantViewReviewStatus, error) {
	return q.answerWith(ctx, func() ([]grants.Traced, int) {
		return q.Explainer.Explain(q.user, q.kind.Kind().Upstream.GroupResource(), q.name)
	})
}

// answerWith answers the question. explain returns the user's grants, and how many it leaves out.
func (q *question) answerWith(ctx context.Context, explain func() ([]grants.Traced, int)) (v1alpha1.SelfTenantViewReviewStatus, error) {
	var status v1alpha1.SelfTenantViewReviewStatus
	var access registry.Access
	var err error
	if q.name != "" {
		if access, err = q.kind.AccessTo(ctx, q.user, q.name); err != nil {
			return status, err
		}
	}
	listed, all, err := q.kind.Listed(ctx, q.user)
	if err != nil {
		return status, err
	}
	traced, more := explain()
	held := q.held(traced, access, all)
	switch {
	case q.name == "":
		status.Allowed = q.mayAny(held)
		status.Reasons = append(status.Reasons, q.summary(len(listed), len(held)+more))
	case access.Entry == nil:
		status.Reasons = append(status.Reasons, q.notVisible(), q.summary(len(listed), len(held)+more))
	default:
		more = 0 // they show other objects
		status.Allowed = access.Operations.Has(q.op) && q.served()
		held = slices.DeleteFunc(held, func(g grant) bool {
			return !g.shows(access.Entry) || status.Allowed && !g.operations.Has(q.op)
		})
		status.Reasons = append(status.Reasons, q.verdict(access, len(held)))
	}
	status.Grants, err = q.describeAll(ctx, held, listed)
	status.Reasons = append(status.Reasons, q.inWords(len(held)+more, status.Grants)...)
	return status, err
}

// answerAdmin answers the question for an administrator.
func (q *question) answerAdmin(ctx context.Context) (v1alpha1.TenantViewReviewStatus, error) {
	var status v1alpha1.TenantViewReviewStatus
	var misses []grants.Miss
	var err error
	status.SelfTenantViewReviewStatus, err = q.answerWith(ctx, func() (traced []grants.Traced, more int) {
		traced, misses = q.Explainer.Investigate(q.user, q.kind.Kind().Upstream.GroupResource(), q.name)
		return traced, 0
	})
	if err != nil {
		return status, err
	}
	if q.name != "" {
		e, exists := q.kind.GetForAdmin(q.name)
		status.Exists = &exists
		if exists && q.kind.Kind().TenantField == "" { // belongs to a Tenant by itself
			status.Reasons = append(status.Reasons, belongs(e))
		}
	}
	if !slices.Contains(q.user.GetGroups(), user.AllAuthenticated) {
		status.Reasons = append(status.Reasons, "spec.groups does not contain system:authenticated, so what that group is granted does not count here")
	}
	if !status.Allowed && q.Policy.NativeRBAC == grants.NativeRBACIgnore {
		status.Reasons = append(status.Reasons, "RBAC on the upstream resource does not count (--native-rbac=Ignore)")
	}
	for i, m := range misses {
		if i == maxMisses {
			status.Reasons = append(status.Reasons, fmt.Sprintf("%d more near misses are left out", len(misses)-maxMisses))
			break
		}
		status.NearMisses = append(status.NearMisses, v1alpha1.TenantViewNearMiss{
			Source: m.Source, Namespace: m.Namespace, Name: m.Name, Path: fullPath(m.Origin), Reason: clipped(m.Reason, maxSelects),
		})
	}
	return status, nil
}

// mayAny returns whether one of the grants has the operation.
func (q *question) mayAny(held []grant) bool {
	return q.served() && slices.ContainsFunc(held, func(g grant) bool { return g.operations.Has(q.op) })
}

// served returns whether the server serves the operation on the kind.
func (q *question) served() bool {
	return (view.OpList | view.OpGet).Has(q.op) || q.Writes != nil && q.Writes(q.kind.Kind())
}

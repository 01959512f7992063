// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"strconv"

	"k8s.io/apiserver/pkg/audit"
)

// Annotations of the events in this server's audit log. They say how much a request has shown and by
// which right, but never what is hidden: a hidden object gives the same annotations as an absent one.
const (
	// auditPolicy is the policy of the server: see grants.Policy.Summary.
	auditPolicy = "tenantview.capsule.dev/policy"
	// auditObjects is the number of objects in the answer to a get or list. What a watch shows is not
	// counted.
	auditObjects = "tenantview.capsule.dev/objects"
	// auditNativeRBAC says whether native RBAC lets the user see the object of a get or, for a list or
	// watch, everything. Its values are below.
	auditNativeRBAC = "tenantview.capsule.dev/native-rbac"
)

// Values of the annotation native-rbac.
const (
	nativeRBACAllows     = "true"
	nativeRBACAllowsNot  = "false"
	nativeRBACNotKnown   = "unknown" // kube-apiserver did not answer; only grants counted
	nativeRBACIsNotAsked = "not-asked"
)

// nativeRBACOf returns the value of the annotation for the outcome of a review.
func nativeRBACOf(allowed bool, err error) string {
	switch {
	case allowed:
		return nativeRBACAllows
	case err != nil:
		return nativeRBACNotKnown
	default:
		return nativeRBACAllowsNot
	}
}

// noteNativeRBAC sets the annotation unless value is "". It can be set only once for each request.
func noteNativeRBAC(ctx context.Context, value string) {
	if value != "" {
		audit.AddAuditAnnotation(ctx, auditNativeRBAC, value)
	}
}

func noteObjects(ctx context.Context, n int) {
	audit.AddAuditAnnotation(ctx, auditObjects, strconv.Itoa(n))
}

func (r *REST) notePolicy(ctx context.Context) {
	if r.Policy != "" {
		audit.AddAuditAnnotation(ctx, auditPolicy, r.Policy)
	}
}

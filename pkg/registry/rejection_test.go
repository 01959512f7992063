// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestErrorsOfKubeAPIServer(t *testing.T) {
	nodes := corev1.Resource("nodes")
	managers := apierrors.NewApplyConflict([]metav1.StatusCause{{Type: metav1.CauseTypeFieldManagerConflict, Field: ".metadata.labels.a"}}, "Apply failed with 1 conflict")
	managers.ErrStatus.Details.UID = "uid-solar-1"
	for name, tc := range map[string]struct {
		err     error
		code    int32
		message string
	}{
		"admission":     {apierrors.NewForbidden(nodes, "solar-1", errors.New("bob may not")), 403, `tenantnodes.tenantview.capsule.dev "solar-1" is forbidden: bob may not`},
		"invalid":       {apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Node").GroupKind(), "solar-1", nil), 422, `TenantNode.tenantview.capsule.dev "solar-1" is invalid`},
		"other manager": {managers, 409, "Apply failed with 1 conflict"},
		"schema":        {apierrors.NewInternalError(errors.New("/v1, Kind=Node: unknown")), 500, "Internal error occurred: tenantview.capsule.dev/v1alpha1, Kind=TenantNode: unknown"},
		"too many":      {apierrors.NewTooManyRequests("slow down", 3), 429, "slow down"},
		"webhook":       {apierrors.NewInternalError(errors.New("failed calling webhook")), 500, "Internal error occurred: failed calling webhook"},
		"away":          {errors.New("dial tcp 10.0.0.1:6443: refused"), 503, "kube-apiserver could not be reached for the write; try again"},
		"credentials":   {apierrors.NewUnauthorized("Unauthorized"), 500, "Internal error occurred: the server is not allowed to write as its users; an administrator must grant it that"},
		"impersonation": {apierrors.NewForbidden(schema.GroupResource{Resource: "users"}, "alice", errors.New(`User "system:serviceaccount:a:b" cannot impersonate resource "users"`)), 500, "Internal error occurred: the server is not allowed to write as its users; an administrator must grant it that"},
	} {
		f := newNodeFixture(t)
		f.api.fails = tc.err
		_, err := f.update(as("alice"), "solar-1", label("a", "1"))
		status := statusOf(t, err)
		if status.Code != tc.code || strings.TrimSuffix(status.Message, ": ") != tc.message {
			t.Errorf("%s: %d %q", name, status.Code, status.Message)
		}
		if d := status.Details; d != nil && (d.UID != "" || d.Kind != "" && !strings.HasPrefix(strings.ToLower(d.Kind), "tenantnode") || len(d.Causes) != len(detailsOf(tc.err).Causes)) && tc.code < 500 {
			t.Errorf("%s: details %+v", name, d)
		}
		if len(f.api.written) != 1 {
			t.Errorf("%s: asked %d times", name, len(f.api.written))
		}
	}
}

func detailsOf(err error) metav1.StatusDetails {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		return *status.Status().Details
	}
	return metav1.StatusDetails{}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
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
		"away":          {errors.New("dial tcp 10.0.0.1:6443: refused"), 503, "kube-apiserver did not answer the write; it may have been made: get the object before you try again"},
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

// What the server itself is told of an object is neither for the user nor for the log, except that it has to
// be tried again.
func TestErrorsOfTheReadBeforeApply(t *testing.T) {
	const configuration = "apiVersion: tenantview.capsule.dev/v1alpha1\nkind: TenantNode\n"
	const away = "kube-apiserver could not be read for the write; nothing has been changed; try again"
	for name, tc := range map[string]struct {
		err     error
		code    int32
		message string
		delay   int32
	}{
		"too many":           {apierrors.NewTooManyRequests("secret", 7), 429, "kube-apiserver has too many requests at the moment; nothing has been changed", 7},
		"too many, no delay": {apierrors.NewTooManyRequests("secret", 0), 429, "kube-apiserver has too many requests at the moment; nothing has been changed", 1},
		"forbidden":          {apierrors.NewForbidden(corev1.Resource("nodes"), "", errors.New("secret")), 503, away, 0},
		"away":               {errors.New("dial tcp 10.0.0.1:6443: refused"), 503, away, 0},
	} {
		f := newNodeFixture(t)
		f.api.unreadable = fmt.Errorf("reading the metadata of nodes: %w", tc.err)
		_, err := f.apply(as("alice"), "solar-1", configuration)
		status := statusOf(t, err)
		delay := int32(0)
		if status.Details != nil {
			delay = status.Details.RetryAfterSeconds
		}
		if status.Code != tc.code || status.Message != tc.message || delay != tc.delay || len(f.api.written) > 0 {
			t.Errorf("%s: %d %q, delay %d, after %v", name, status.Code, status.Message, delay, f.api.written)
		}
	}
}

// The names of objects are not for readers of the log. An error of net/http has the URL of the request.
func TestNamesAreNotLogged(t *testing.T) {
	failure := &url.Error{Op: "Get", URL: "https://kube/api/v1/nodes/solar-1", Err: errors.New("connection refused")}
	for name, write := range map[string]func(context.Context, *nodeFixture) error{
		"update": func(ctx context.Context, f *nodeFixture) error {
			f.api.fails = failure
			_, err := f.update(ctx, "solar-1", label("a", "1"))
			return err
		},
		"the read before apply": func(ctx context.Context, f *nodeFixture) error {
			f.api.unreadable = fmt.Errorf("reading the metadata of nodes: %w", failure)
			_, err := f.apply(ctx, "solar-1", "apiVersion: tenantview.capsule.dev/v1alpha1\nkind: TenantNode\n")
			return err
		},
	} {
		var log bytes.Buffer
		ctx := klog.NewContext(as("alice"), textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&log))))
		if code := codeOf(t, write(ctx, newNodeFixture(t))); code != 503 {
			t.Errorf("%s: code %d", name, code)
		}
		if line := log.String(); !strings.Contains(line, "connection refused") || strings.Contains(line, "solar-1") {
			t.Errorf("%s: the log says %q", name, line)
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

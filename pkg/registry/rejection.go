// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/view"
)

// missing returns the error for an object that the user may see and not change. It says who can grant
// the operation.
func (w *WritableREST) missing(u user.Info, name string, operation view.Operations) error {
	op := operation.String()
	return apierrors.NewForbidden(v1alpha1.Resource(w.kind.Resource), name, fmt.Errorf(
		"no grant that shows it to User %q has the operation %s: an owner of a Tenant or a subject of a ProxySetting gets it by proxySettings with kind %s and operations [List, %s], or by a rule in clusterResources with these operations. Rights on %s themselves do not count here",
		u.GetName(), op, w.kind.ProxySetting, op, w.kind.Upstream.GroupResource()))
}

// rejection is an error of kube-apiserver, or of the way to it.
type rejection struct{ error }

// Unwrap returns the error.
func (r *rejection) Unwrap() error { return r.error }

func reject(err error) error {
	if err == nil {
		return nil
	}
	return &rejection{err}
}

// errStale is the rejection of a change of an object that others have changed.
var errStale = reject(apierrors.NewConflict(schema.GroupResource{}, "", errors.New("others have changed the object")))

// isStale returns whether the object was not the one for which the change was made. A conflict with
// other field managers is no reason to try again.
func (r *rejection) isStale() bool {
	if !apierrors.IsConflict(r.error) {
		return false
	}
	for _, cause := range causesOf(r.error) {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			return false
		}
	}
	return true
}

func causesOf(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	return status.Status().Details.Causes
}

// translate returns the error that the user gets for a rejection of a change of e: that of
// kube-apiserver, with the names of our kind, and without anything about other objects or about this
// server.
func (w *WritableREST) translate(ctx context.Context, r *rejection, e *view.Entry) error {
	var status *apierrors.StatusError
	ours := v1alpha1.Resource(w.kind.Resource)
	switch {
	case ctx.Err() != nil:
		return apierrors.NewTimeoutError("kube-apiserver did not answer in time; the object may have been changed", retryAfter)
	case !errors.As(r.error, &status):
		klog.FromContext(ctx).Error(withoutURL(r.error), "Writing to kube-apiserver failed", "resource", w.kind.Upstream.Resource)
		return apierrors.NewServiceUnavailable("kube-apiserver did not answer the write; it may have been made: get the object before you try again")
	case apierrors.IsNotFound(status):
		return apierrors.NewNotFound(ours, e.Name) // byte for byte as for a hidden object
	case r.isStale():
		return apierrors.NewConflict(ours, e.Name, errors.New(modified))
	case apierrors.IsUnauthorized(status) || apierrors.IsForbidden(status) && strings.Contains(status.ErrStatus.Message, "cannot impersonate"):
		klog.FromContext(ctx).Error(nil, "The server may not impersonate users, so nobody can write", "code", status.ErrStatus.Code)
		return apierrors.NewInternalError(errors.New("the server is not allowed to write as its users; an administrator must grant it that"))
	default:
		return &apierrors.StatusError{ErrStatus: w.translated(status.ErrStatus, e.Name, "")}
	}
}

// unread returns the error that the user gets if what a write depends on could not be read. The server has
// asked for that as itself, so nothing that it was told is for users.
func (w *WritableREST) unread(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return apierrors.NewTimeoutError("kube-apiserver did not answer in time; nothing has been changed", retryAfter)
	case apierrors.IsTooManyRequests(err):
		seconds, ok := apierrors.SuggestsClientDelay(err)
		if !ok {
			seconds = retryAfter
		}
		return apierrors.NewTooManyRequests("kube-apiserver has too many requests at the moment; nothing has been changed", seconds)
	default:
		klog.FromContext(ctx).Error(withoutURL(err), "Reading from kube-apiserver for a write failed", "resource", w.kind.Upstream.Resource)
		return apierrors.NewServiceUnavailable("kube-apiserver could not be read for the write; nothing has been changed; try again")
	}
}

// withoutURL returns an error without the URL of its request, which names an object.
func withoutURL(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}

// modified is the message of kube-apiserver for a conflict (k8s.io/apiserver/pkg/registry/generic/registry,
// OptimisticLockErrorMsg).
const modified = "the object has been modified; please apply your changes to the latest version and try again"

// translated returns a status of kube-apiserver about an object with the names of our kind.
func (w *WritableREST) translated(status metav1.Status, name string, uid types.UID) metav1.Status {
	status = *status.DeepCopy()
	status.ListMeta = metav1.ListMeta{}
	status.Message = w.named(status.Message, name)
	d := status.Details
	if d == nil {
		return status
	}
	isKind := d.Kind == w.kind.UpstreamName()
	d.Name, d.Group, d.UID, d.Kind = name, v1alpha1.GroupName, uid, w.kind.Resource
	if isKind {
		d.Kind = w.kind.Name
	}
	for i := range d.Causes {
		d.Causes[i].Message = w.named(d.Causes[i].Message, name)
	}
	return status
}

// named replaces the upstream names of the object in a message by ours.
func (w *WritableREST) named(message, name string) string {
	if w.kind.Conceal != nil {
		message = w.kind.Conceal(message)
	}
	theirKind := schema.GroupKind{Group: w.kind.Upstream.Group, Kind: w.kind.UpstreamName()}
	ourKind := schema.GroupKind{Group: v1alpha1.GroupName, Kind: w.kind.Name}
	called := fmt.Sprintf(" %q", name)
	return strings.NewReplacer(
		w.kind.Upstream.GroupVersion().WithKind(w.kind.UpstreamName()).String(), v1alpha1.SchemeGroupVersion.WithKind(w.kind.Name).String(),
		w.kind.Upstream.GroupResource().String()+called, v1alpha1.Resource(w.kind.Resource).String()+called,
		theirKind.String()+called, ourKind.String()+called,
	).Replace(message)
}

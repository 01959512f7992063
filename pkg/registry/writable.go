// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/registry/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/impersonate"
	"capsule.dev/tenantview/pkg/view"
)

// Writer changes upstream objects as a user. The results belong to the caller.
type Writer interface {
	Patch(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string, how types.PatchType, data []byte, options metav1.PatchOptions) (runtime.Object, error)
	Delete(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string, options metav1.DeleteOptions) (runtime.Object, error)
}

// MetadataReader returns the whole metadata of an upstream object as it is now, or nil if there is none.
type MetadataReader interface {
	Metadata(ctx context.Context, resource schema.GroupVersionResource, name string) (*metav1.PartialObjectMetadata, error)
}

// WritableREST is a REST that also changes and deletes the upstream objects, as the user of the request.
// It creates nothing, and deletes one object at a time.
type WritableREST struct {
	*REST
	writer   Writer
	metadata MetadataReader
}

var (
	_ rest.Updater         = &WritableREST{}
	_ rest.Patcher         = &WritableREST{}
	_ rest.GracefulDeleter = &WritableREST{}
)

// NewWritableREST returns a REST that writes with writer.
func NewWritableREST(r *REST, writer Writer, metadata MetadataReader) *WritableREST {
	return &WritableREST{REST: r, writer: writer, metadata: metadata}
}

// writeAttempts is how often a write is tried that names no resourceVersion, while others change the
// object.
const writeAttempts = 5

// sender sends the change of one entry's object to kube-apiserver, once. It returns a rejection if
// kube-apiserver has refused the change.
type sender func(ctx context.Context, u user.Info, e *view.Entry) (runtime.Object, error)

// write sends a change if the user's grants allow the operation on the object of that name. Every
// change names the uid and the resourceVersion of the object for which that was decided, so nothing is
// written to an object that has become another one meanwhile. If others have changed the object, write
// waits until the view shows that, and decides again. It returns the object for which it has sent the
// change.
func (w *WritableREST) write(ctx context.Context, name string, operation view.Operations, send sender) (*view.Entry, runtime.Object, error) {
	u, err := w.admit(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := impersonate.Check(u); err != nil {
		return nil, nil, apierrors.NewForbidden(v1alpha1.Resource(w.kind.Resource), name, err)
	}
	for attempt := 1; ; attempt++ {
		if err := w.current(); err != nil {
			return nil, nil, err
		}
		e, err := w.allowed(ctx, u, name, operation)
		if err != nil {
			return nil, nil, err
		}
		o, err := send(ctx, u, e)
		var rejected *rejection
		switch {
		case err == nil:
			return e, o, nil
		case !errors.As(err, &rejected):
			return nil, nil, err
		case !rejected.isStale() || attempt == writeAttempts || !w.waitForOther(ctx, e):
			return nil, nil, w.translate(ctx, rejected, e)
		}
	}
}

// maxWriteLag is how long what decides on writes may be behind. A grant that has been revoked
// meanwhile still lets its user write for that long.
const maxWriteLag = 30 * time.Second

// lagRetryAfter is when a client should retry a write that was refused because of a lag, in seconds.
const lagRetryAfter = 5

// current returns ServiceUnavailable if grants may be long out of date. It depends on no object.
func (w *WritableREST) current() error {
	if w.WriteLag == nil || w.WriteLag() <= maxWriteLag {
		return nil
	}
	err := apierrors.NewServiceUnavailable(fmt.Sprintf(
		"the server has not heard of changes of grants for more than %v, so it changes nothing; reads go on; try again", maxWriteLag))
	err.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: lagRetryAfter}
	return err
}

// allowed returns the entry of that name if one of the user's grants has the operation on it. Otherwise
// it returns NotFound, exactly as Get does, or Forbidden if the user may see the object.
func (w *WritableREST) allowed(ctx context.Context, u user.Info, name string, operation view.Operations) (*view.Entry, error) {
	if e, ok := w.view.Get(w.Viewers.Viewer(u), name, view.OpList|operation); ok {
		return e, nil
	}
	_, visible, err := w.get(ctx, u, name)
	switch {
	case err != nil:
		return nil, err
	case !visible:
		return nil, apierrors.NewNotFound(v1alpha1.Resource(w.kind.Resource), name)
	default:
		return nil, w.missing(u, name, operation)
	}
}

// waitForOther waits until the view has another entry of the name of e, or none. It returns whether
// that has happened in time.
func (w *WritableREST) waitForOther(ctx context.Context, e *view.Entry) bool {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for {
		version := w.view.Version()
		if now, _ := w.view.Get(view.Viewer{All: true}, e.Name, view.OpGet); now != e {
			return true
		}
		if w.view.WaitForVersion(ctx, version+1) != nil {
			return false
		}
	}
}

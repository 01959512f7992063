// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/view"
)

// Delete deletes the upstream object. It returns whether the object is gone.
func (w *WritableREST) Delete(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	if options == nil {
		options = &metav1.DeleteOptions{}
	}
	e, o, err := w.write(ctx, name, view.OpDelete, w.deletion(validate, options))
	if err != nil {
		return nil, false, err
	}
	status, isStatus := o.(*metav1.Status)
	if m, err := meta.Accessor(o); !isStatus && (err != nil || len(m.GetFinalizers()) > 0) {
		return w.answer(ctx, e, o, len(options.DryRun) > 0), false, nil
	}
	if len(options.DryRun) == 0 {
		w.waitForOther(ctx, e)
	}
	if isStatus {
		translated := w.translated(*status, name, w.uidOf(e))
		return &translated, true, nil
	}
	return w.kind.Convert(e, w.ServerID), true, nil // kube-apiserver shows some kinds as they were
}

// deletion returns the sender of a deletion. Of the options, it replaces only the preconditions.
func (w *WritableREST) deletion(validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) sender {
	return func(ctx context.Context, u user.Info, e *view.Entry) (runtime.Object, error) {
		if p := options.Preconditions; p != nil {
			if err := w.checkPreconditions(e, ptr.Deref(p.UID, ""), ptr.Deref(p.ResourceVersion, "")); err != nil {
				return nil, err
			}
		}
		if validate != nil {
			if err := validate(ctx, w.kind.Convert(e, w.ServerID).DeepCopyObject()); err != nil {
				return nil, err
			}
		}
		upstream := *options.DeepCopy()
		upstream.TypeMeta = metav1.TypeMeta{} // the version of the group's own may be ours
		upstream.Preconditions = &metav1.Preconditions{
			UID: ptr.To(upstreamUID(e)), ResourceVersion: ptr.To(strconv.FormatUint(e.Version, 10)),
		}
		o, err := w.writer.Delete(ctx, u, w.kind.Upstream, e.Name, upstream)
		return o, reject(err)
	}
}

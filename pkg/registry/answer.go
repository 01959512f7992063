// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/pkg/packed"
	"capsule.dev/tenantview/pkg/view"
)

// answer returns what a user is shown of the object that a change of e has led to. Unless nothing has
// been stored, it waits until the view has it, so that what the user reads next includes the change.
//
// The change may have hidden the object from the user. Then he is shown what he has written, and not
// what the view says about it now, such as the Tenant that it belongs to.
func (w *WritableREST) answer(ctx context.Context, e *view.Entry, o runtime.Object, dryRun bool) runtime.Object {
	m, err := meta.Accessor(o)
	if err != nil {
		klog.FromContext(ctx).Error(err, "kube-apiserver answered a write without an object", "resource", w.kind.Upstream.Resource)
		return w.kind.Convert(e, w.ServerID)
	}
	version, err := versioner.ParseResourceVersion(m.GetResourceVersion())
	if err != nil || dryRun {
		version = e.Version
	}
	changed := &view.Entry{Object: view.Object{Attributes: e.Attributes, Version: version}, Revision: version}
	changed.Labels = view.NewLabels(m.GetLabels())
	if changed.Value, err = packed.Pack(m); err != nil {
		klog.FromContext(ctx).Error(err, "kube-apiserver answered a write with an object of another kind", "resource", w.kind.Upstream.Resource)
		return w.kind.Convert(e, w.ServerID)
	}
	if version == e.Version {
		changed.Revision = e.Revision
	} else {
		published, visible := w.shown(ctx, e.Name, version)
		switch {
		case !visible:
			changed.Partition = ""
		case published.Version == version:
			return w.kind.Convert(published, w.ServerID)
		default: // others have changed it again
			changed.Partition = published.Partition
		}
	}
	return w.kind.Convert(changed, w.ServerID)
}

// shown waits until the view has reached an upstream version, and returns what the user may then see of
// the object of that name.
func (w *WritableREST) shown(ctx context.Context, name string, version uint64) (*view.Entry, bool) {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if w.view.WaitForVersion(waiting, version) != nil {
		return nil, false
	}
	u, err := w.admit(ctx)
	if err != nil {
		return nil, false
	}
	e, ok, err := w.get(ctx, u, name)
	return e, ok && err == nil
}

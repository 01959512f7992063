// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"capsule.dev/tenantview/pkg/view"
)

// Update serves updates and patches.
//
// A patch is applied to the object as the user sees it, by the same code as in kube-apiserver. What it
// changes there becomes a merge patch of the upstream object. So no patch can read, test or change what
// is not shown. Server-side apply is passed on instead (see apply.go), because only kube-apiserver knows
// the field managers.
func (w *WritableREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, _ rest.ValidateObjectFunc,
	validate rest.ValidateObjectUpdateFunc, isApply bool, options *metav1.UpdateOptions,
) (runtime.Object, bool, error) {
	request := WriteRequestOf(ctx)
	patchOptions := metav1.PatchOptions{
		DryRun: options.DryRun, FieldManager: request.fieldManager(options), FieldValidation: options.FieldValidation,
	}
	send := func(ctx context.Context, u user.Info, e *view.Entry) (runtime.Object, error) {
		patch, err := w.patchOf(ctx, e, info, validate)
		if err != nil {
			return nil, err
		}
		o, err := w.writer.Patch(ctx, u, w.kind.Upstream, name, types.MergePatchType, patch, patchOptions)
		return o, reject(err)
	}
	// Only server-side apply may create objects (k8s.io/apiserver/pkg/endpoints/handlers, patchResource).
	if isApply {
		send = func(ctx context.Context, u user.Info, e *view.Entry) (runtime.Object, error) {
			return w.apply(ctx, u, e, request, patchOptions)
		}
	}
	e, o, err := w.write(ctx, name, view.OpUpdate, send)
	if err != nil {
		return nil, false, err
	}
	return w.answer(ctx, e, o, len(options.DryRun) > 0), false, nil
}

// patchOf returns the merge patch of the upstream object for what an update changes in the entry's
// object as the user sees it.
func (w *WritableREST) patchOf(ctx context.Context, e *view.Entry, info rest.UpdatedObjectInfo, validate rest.ValidateObjectUpdateFunc) ([]byte, error) {
	old := w.kind.Convert(e, w.ServerID).DeepCopyObject() // the handlers of k8s.io/apiserver change it
	updated, err := info.UpdatedObject(ctx, old)
	if err != nil {
		return nil, err
	}
	if validate != nil {
		if err := validate(ctx, updated.DeepCopyObject(), old.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	m, err := meta.Accessor(updated)
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of an update: %w", err)
	}
	if err := w.checkMetadata(e, m); err != nil {
		return nil, err
	}
	before, err := ownFields(w.kind.Convert(e, w.ServerID))
	if err != nil {
		return nil, err
	}
	after, err := ownFields(updated)
	if err != nil {
		return nil, err
	}
	if _, ok := m.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; ok {
		warnOfLastApplied(ctx)
	}
	patch := mergePatch(before, after)
	metadata, _ := patch["metadata"].(map[string]any)
	if metadata == nil {
		metadata = make(map[string]any)
	}
	for key, value := range identifying(e) {
		metadata[key] = value
	}
	patch["metadata"] = metadata
	return json.Marshal(patch)
}

// checkMetadata returns an error if an update does not fit the entry, or changes metadata that is not
// shown or that nobody can change.
func (w *WritableREST) checkMetadata(e *view.Entry, updated metav1.Object) error {
	old := w.kind.Convert(e, w.ServerID).(metav1.Object)
	resourceVersion := updated.GetResourceVersion()
	if err := w.checkPreconditions(e, updated.GetUID(), resourceVersion); err != nil {
		return err
	}
	var errs field.ErrorList
	path := field.NewPath("metadata")
	if w.kind.NeedsVersion && (resourceVersion == "" || resourceVersion == "0") {
		errs = append(errs, field.Invalid(path.Child("resourceVersion"), resourceVersion, "must be specified for an update"))
	}
	if len(updated.GetFinalizers()) > 0 {
		errs = append(errs, field.Forbidden(path.Child("finalizers"), notShown))
	}
	if len(updated.GetOwnerReferences()) > 0 {
		errs = append(errs, field.Forbidden(path.Child("ownerReferences"), notShown))
	}
	const immutable = "field is immutable"
	if updated.GetName() != old.GetName() {
		errs = append(errs, field.Invalid(path.Child("name"), updated.GetName(), immutable))
	}
	if updated.GetGenerateName() != "" {
		errs = append(errs, field.Invalid(path.Child("generateName"), updated.GetGenerateName(), immutable))
	}
	if t, was := updated.GetCreationTimestamp(), old.GetCreationTimestamp(); !t.IsZero() && !t.Equal(&was) {
		errs = append(errs, field.Invalid(path.Child("creationTimestamp"), t, immutable))
	}
	if t := updated.GetDeletionTimestamp(); t != nil && !t.Equal(old.GetDeletionTimestamp()) {
		errs = append(errs, field.Invalid(path.Child("deletionTimestamp"), t, "field is immutable; may only be changed via deletion"))
	}
	if len(errs) > 0 {
		return w.invalid(e.Name, errs...)
	}
	return nil
}

// notShown is why some fields cannot be changed.
const notShown = "this field of the upstream object is not shown here and cannot be changed here"

// warnOfLastApplied tells users of client-side apply that it forgets. The annotation belongs to those
// who apply the upstream object: if it were replaced, they would delete fields that they did not set.
func warnOfLastApplied(ctx context.Context) {
	warning.AddWarning(ctx, "", "the annotation "+corev1.LastAppliedConfigAnnotation+" is not stored: fields that are removed from the file are not removed from the object; use server-side apply")
}

// ownFields returns the fields of an object that an update can change: without its kind, without what
// kube-apiserver or this server computes, and of the metadata only labels and annotations.
// kube-apiserver ignores status in updates, too.
func ownFields(o runtime.Object) (map[string]any, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("reading the fields of an object: %w", err)
	}
	metadata, _ := fields["metadata"].(map[string]any)
	own := make(map[string]any, 2)
	for _, key := range []string{"labels", "annotations"} {
		if texts, ok := metadata[key].(map[string]any); ok {
			own[key] = texts
			delete(texts, corev1.LastAppliedConfigAnnotation)
		}
	}
	// An absent map and an empty one are the same, but removing an absent map would remove what is not
	// shown of it.
	for _, key := range []string{"labels", "annotations"} {
		if own[key] == nil {
			own[key] = map[string]any{}
		}
	}
	for _, computed := range []string{"apiVersion", "kind", "status", "tenant"} {
		delete(fields, computed)
	}
	fields["metadata"] = own
	return fields, nil
}

// mergePatch returns the JSON merge patch (RFC 7386) that turns one object into another. It contains only
// what differs.
func mergePatch(before, after map[string]any) map[string]any {
	patch := make(map[string]any)
	for key, value := range after {
		was, known := before[key]
		wasMap, ok := was.(map[string]any)
		isMap, both := value.(map[string]any)
		switch {
		case ok && both:
			if part := mergePatch(wasMap, isMap); len(part) > 0 {
				patch[key] = part
			}
		case !known || !reflect.DeepEqual(was, value):
			patch[key] = value
		}
	}
	for key := range before {
		if _, kept := after[key]; !kept {
			patch[key] = nil
		}
	}
	return patch
}

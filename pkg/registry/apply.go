// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/view"
)

// apply passes a configuration of server-side apply on to kube-apiserver, with the upstream kind.
//
// kube-apiserver removes what a field manager has applied before and does not apply again. So it would
// remove finalizers, for example, that somebody else has applied to the upstream object under the same
// manager's name. apply refuses to do that.
func (w *WritableREST) apply(ctx context.Context, u user.Info, e *view.Entry, request WriteRequest, options metav1.PatchOptions) (runtime.Object, error) {
	configuration, err := w.configuration(ctx, request.Configuration, e, options.FieldValidation)
	if err != nil {
		return nil, err
	}
	upstream, err := w.metadata.Metadata(ctx, w.kind.Upstream, e.Name)
	switch {
	case err != nil:
		return nil, w.unread(ctx, err)
	case upstream == nil || upstream.UID != upstreamUID(e) || upstream.ResourceVersion != strconv.FormatUint(e.Version, 10):
		return nil, errStale
	}
	if reason := losesHidden(upstream, options.FieldManager); reason != "" {
		return nil, w.invalid(e.Name, field.Forbidden(field.NewPath("fieldManager"), reason))
	}
	options.Force = request.Force
	o, err := w.writer.Patch(ctx, u, w.kind.Upstream, e.Name, types.ApplyPatchType, configuration, options)
	return o, reject(err)
}

// configuration returns the configuration for the upstream object.
func (w *WritableREST) configuration(ctx context.Context, body []byte, e *view.Entry, fieldValidation string) ([]byte, error) {
	toJSON := yaml.YAMLToJSON
	if fieldValidation == metav1.FieldValidationStrict {
		toJSON = yaml.YAMLToJSONStrict
	}
	data, err := toJSON(body)
	var configuration map[string]any
	if err == nil {
		err = utiljson.Unmarshal(data, &configuration)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	if configuration == nil {
		return nil, apierrors.NewBadRequest("error decoding patch: there is no configuration to apply")
	}
	gvk := v1alpha1.SchemeGroupVersion.WithKind(w.kind.Name)
	if configuration["apiVersion"] != gvk.GroupVersion().String() || configuration["kind"] != gvk.Kind {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the configuration is of kind %v in %v; it must be of kind %s in %s",
			configuration["kind"], configuration["apiVersion"], gvk.Kind, gvk.GroupVersion()))
	}
	metadata, err := w.appliedMetadata(ctx, configuration["metadata"], e)
	if err != nil {
		return nil, err
	}
	configuration["apiVersion"], configuration["kind"] = w.kind.Upstream.GroupVersion().String(), w.kind.UpstreamName()
	configuration["metadata"] = metadata
	delete(configuration, "status") // as kube-apiserver ignores it
	delete(configuration, "tenant")
	return json.Marshal(configuration)
}

// appliedMetadata returns the metadata of a configuration for the upstream object.
func (w *WritableREST) appliedMetadata(ctx context.Context, given any, e *view.Entry) (map[string]any, error) {
	metadata, ok := given.(map[string]any)
	if !ok && given != nil {
		return nil, apierrors.NewBadRequest("metadata must be an object")
	}
	applied := identifying(e)
	var errs field.ErrorList
	for key, value := range metadata {
		switch {
		case slices.Contains([]string{"name", "labels", "annotations"}, key):
			applied[key] = value
		case slices.Contains([]string{"uid", "resourceVersion"}, key) || value == nil || key == "generation":
		default:
			errs = append(errs, field.Forbidden(field.NewPath("metadata", key), "it cannot be applied here: only labels and annotations can"))
		}
	}
	slices.SortFunc(errs, func(a, b *field.Error) int { return slices.Compare([]byte(a.Field), []byte(b.Field)) })
	if len(errs) > 0 {
		return nil, w.invalid(e.Name, errs...)
	}
	texts := make(map[string]string)
	for _, key := range []string{"name", "uid", "resourceVersion"} {
		value, isText := metadata[key].(string)
		if !isText && metadata[key] != nil {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("metadata.%s must be a string", key))
		}
		texts[key] = value
	}
	if name := texts["name"]; name != "" && name != e.Name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", name, e.Name))
	}
	if annotations, ok := applied["annotations"].(map[string]any); ok {
		if _, ok := annotations[corev1.LastAppliedConfigAnnotation]; ok {
			delete(annotations, corev1.LastAppliedConfigAnnotation)
			warnOfLastApplied(ctx)
		}
	}
	return applied, w.checkPreconditions(e, types.UID(texts["uid"]), texts["resourceVersion"])
}

func (w *WritableREST) invalid(name string, errs ...*field.Error) error {
	return apierrors.NewInvalid(v1alpha1.SchemeGroupVersion.WithKind(w.kind.Name).GroupKind(), name, errs)
}

// kubectlManager is the manager whose configurations kube-apiserver also writes into the annotation of
// client-side apply (k8s.io/apimachinery/pkg/util/managedfields/internal, lastAppliedUpdater).
const kubectlManager = "kubectl"

// losesHidden returns why kube-apiserver would change what is not shown of an object if the manager
// applied something to it, or "".
func losesHidden(upstream *metav1.PartialObjectMetadata, manager string) string {
	if _, ok := upstream.Annotations[corev1.LastAppliedConfigAnnotation]; ok && manager == kubectlManager {
		return fmt.Sprintf("manager %q would replace the annotation %s, which is not shown here; use another --field-manager", manager, corev1.LastAppliedConfigAnnotation)
	}
	for _, entry := range upstream.ManagedFields {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		if entry.FieldsV1 == nil || ownsHidden(entry.FieldsV1) {
			return fmt.Sprintf("manager %q has applied fields of the upstream object that are not shown here, and would remove them; use another --field-manager", manager)
		}
	}
	return ""
}

// ownsHidden returns whether a set of fields has any in metadata that is not shown. Fields that it
// cannot read count as hidden.
func ownsHidden(set *metav1.FieldsV1) bool {
	var owned struct {
		Metadata map[string]map[string]any `json:"f:metadata"`
	}
	if err := json.Unmarshal(set.GetRawBytes(), &owned); err != nil {
		return true
	}
	for key, fields := range owned.Metadata {
		switch key {
		case ".", "f:labels":
		case "f:annotations":
			if _, ok := fields["f:"+corev1.LastAppliedConfigAnnotation]; ok {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/registry/rest"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// New returns an empty review.
func (*OtherREST) New() runtime.Object { return &v1alpha1.TenantViewReview{} }

// GetSingularName returns the singular name of the resource.
func (*OtherREST) GetSingularName() string { return "tenantviewreview" }

// Create answers a review about the user that it names. Nothing is stored. Questions about names
// count against the limit of the user who asks.
func (r *OtherREST) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	in, ok := obj.(*v1alpha1.TenantViewReview)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a TenantViewReview: %T", obj))
	}
	asker, err := r.Kinds[0].UserOf(ctx)
	if err != nil {
		return nil, err
	}
	kind, op, errs := r.resources.validate(&in.Spec.SelfTenantViewReviewSpec)
	if in.Spec.User == "" && len(in.Spec.Groups) == 0 {
		errs = append(errs, field.Required(field.NewPath("spec", "user"), "the review must name a user or a group"))
	}
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(v1alpha1.SchemeGroupVersion.WithKind("TenantViewReview").GroupKind(), "", errs)
	}
	if validate != nil {
		if err := validate(ctx, obj.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	giveBack, err := r.limit.Take(asker)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	about := accessreview.Identified(userOf(&in.Spec))
	q := question{shared: r.shared, kind: kind, user: about, name: in.Spec.Name, op: op}
	status, err := q.answerAdmin(accessreview.WithAsker(ctx, asker))
	if err != nil {
		return nil, err
	}
	return &v1alpha1.TenantViewReview{Spec: in.Spec, Status: status}, nil
}

// userOf returns the user that a review names.
func userOf(spec *v1alpha1.TenantViewReviewSpec) *user.DefaultInfo {
	u := &user.DefaultInfo{Name: spec.User, UID: spec.UID, Groups: spec.Groups}
	if len(spec.Extra) > 0 {
		u.Extra = make(map[string][]string, len(spec.Extra))
		for key, values := range spec.Extra {
			u.Extra[key] = values
		}
	}
	return u
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/registry/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
)

// Explainer returns the reasons for what users see. tenancy.Cluster implements it.
type Explainer interface {
	// Explain returns the grants that the user holds on an upstream resource. It may leave out more of
	// them, but none that shows the object of that name.
	Explain(u user.Info, resource schema.GroupResource, name string) (traced []grants.Traced, more int)
	// Investigate also returns what almost grants him something, on the object of that name or, if
	// name is "", on any.
	Investigate(u user.Info, resource schema.GroupResource, name string) ([]grants.Traced, []grants.Miss)
}

// Config is the configuration that both reviews share.
type Config struct {
	// Kinds are the RESTs of the kinds that reviews can be about. That of namespaces is among them.
	Kinds []*registry.REST
	// Explainer knows the reasons.
	Explainer Explainer
	// Policy is the policy of Explainer, for hints.
	Policy grants.Policy
	// Writes returns whether the server serves updates and deletions of a kind; nil means never.
	Writes func(*registry.Kind) bool
}

// maxReviews bounds the reviews of one user that are worked out at a time, and maxReviewsOfAll those
// of all users: a review evaluates grants again, which takes longer than to use them.
const (
	maxReviews      = 4
	maxReviewsOfAll = 40
)

// shared is what both reviews have in common.
type shared struct {
	Config
	resources resources
	limit     *registry.Limit
}

// SelfREST serves SelfTenantViewReviews.
type SelfREST struct{ *shared }

// OtherREST serves TenantViewReviews.
type OtherREST struct{ *shared }

var (
	_ rest.Storage              = &SelfREST{}
	_ rest.Scoper               = &SelfREST{}
	_ rest.SingularNameProvider = &SelfREST{}
	_ rest.Creater              = &SelfREST{} //nolint:misspell // its name in Kubernetes
	_ rest.TableConvertor       = &SelfREST{}
	_ rest.Storage              = &OtherREST{}
	_ rest.Scoper               = &OtherREST{}
	_ rest.SingularNameProvider = &OtherREST{}
	_ rest.Creater              = &OtherREST{} //nolint:misspell // its name in Kubernetes
	_ rest.TableConvertor       = &OtherREST{}
)

// New returns the RESTs of both reviews.
func New(config Config) (*SelfREST, *OtherREST) {
	s := &shared{
		Config: config, resources: newResources(config.Kinds),
		limit: registry.NewLimit("reviews of what users see", maxReviews, maxReviewsOfAll),
	}
	return &SelfREST{s}, &OtherREST{s}
}

// The resources of the reviews.
const (
	SelfResource  = "selftenantviewreviews"
	OtherResource = "tenantviewreviews"
)

// NamespaceScoped returns false: reviews are cluster-scoped.
func (*shared) NamespaceScoped() bool { return false }

// Destroy does nothing: there is nothing to release.
func (*shared) Destroy() {}

// New returns an empty review.
func (*SelfREST) New() runtime.Object { return &v1alpha1.SelfTenantViewReview{} }

// GetSingularName returns the singular name of the resource.
func (*SelfREST) GetSingularName() string { return "selftenantviewreview" }

// Create answers a review. Nothing is stored. An object that the user does not see is answered like
// one that does not exist, after the same work.
func (r *SelfREST) Create(ctx context.Context, obj runtime.Object, validate rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	in, ok := obj.(*v1alpha1.SelfTenantViewReview)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a SelfTenantViewReview: %T", obj))
	}
	u, err := r.Kinds[0].UserOf(ctx)
	if err != nil {
		return nil, err
	}
	kind, op, errs := r.resources.validate(&in.Spec)
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(v1alpha1.SchemeGroupVersion.WithKind("SelfTenantViewReview").GroupKind(), "", errs)
	}
	if validate != nil {
		if err := validate(ctx, obj.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	giveBack, err := r.limit.Take(u)
	if err != nil {
		return nil, err
	}
	defer giveBack()
	q := question{shared: r.shared, kind: kind, user: u, name: in.Spec.Name, op: op, self: true}
	status, err := q.answer(ctx)
	if err != nil {
		return nil, err
	}
	return &v1alpha1.SelfTenantViewReview{Spec: in.Spec, Status: status}, nil
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// asking are the flags that say about whom a question is.
type asking struct {
	user   string
	groups []string
}

func (a *asking) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&a.user, "about", "", "For administrators: ask about this user. The answer also lists what almost grants the user something. It needs the right to create tenantviewreviews. --as asks what the user himself would be told, and needs the right to impersonate him.")
	flags.StringArrayVar(&a.groups, "about-group", nil, "A group of the user to ask about. It may be repeated. system:authenticated is always one.")
}

// answer is the answer to a review of either kind.
type answer struct {
	review runtime.Object
	spec   *v1alpha1.SelfTenantViewReviewSpec
	status *v1alpha1.SelfTenantViewReviewStatus
	misses []v1alpha1.TenantViewNearMiss
}

// ask creates a review.
func (a *asking) ask(ctx context.Context, f cmdutil.Factory, spec v1alpha1.SelfTenantViewReviewSpec) (*answer, error) {
	client, err := clientOf(f)
	if err != nil {
		return nil, err
	}
	if a.user == "" && len(a.groups) == 0 {
		r, err := client.SelfTenantViewReviews().Create(ctx, &v1alpha1.SelfTenantViewReview{Spec: spec}, v1.CreateOptions{})
		if err != nil {
			return nil, explained(err)
		}
		r.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("SelfTenantViewReview"))
		return &answer{r, &r.Spec, &r.Status, nil}, nil
	}
	groups := slices.Clone(a.groups)
	if !slices.Contains(groups, "system:authenticated") {
		groups = append(groups, "system:authenticated")
	}
	r, err := client.TenantViewReviews().Create(ctx, &v1alpha1.TenantViewReview{
		Spec: v1alpha1.TenantViewReviewSpec{SelfTenantViewReviewSpec: spec, User: a.user, Groups: groups},
	}, v1.CreateOptions{})
	if err != nil {
		return nil, explained(err)
	}
	r.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("TenantViewReview"))
	return &answer{r, &r.Spec.SelfTenantViewReviewSpec, &r.Status.SelfTenantViewReviewStatus, r.Status.NearMisses}, nil
}

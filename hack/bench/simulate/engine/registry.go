// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/apiserver"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
)

// groups are how many groups the users have whose lists are measured.
var groups = []int{3, 300}

func (e *engine) rest() *registry.REST {
	deny := authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
		return authorizer.DecisionNoOpinion, "", nil
	})
	kind := tenantnamespace.Kind()
	return registry.NewREST(kind, e.cluster.View(kind.Upstream.GroupResource()), registry.Config{
		Viewers: e.cluster, Reviews: accessreview.New(deny, 0, accessreview.NewNameLimit()), Synced: func() bool { return true },
	})
}

// lists measures lists of the namespaces of one Tenant, with their encoding in JSON. The user is in the group that
// owns the Tenant, and in others that own nothing. Each list is of another Tenant.
func (e *engine) lists() ([]Cost, error) {
	r := e.rest()
	info, _ := runtime.SerializerInfoForMediaType(apiserver.Codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	encoder := apiserver.Codecs.EncoderForVersion(info.Serializer, v1alpha1.SchemeGroupVersion)
	const users = 1_000
	var costs []Cost
	for _, n := range groups {
		contexts, want := make([]context.Context, users), make([]int, users)
		for i := range contexts {
			tenant := i * e.Shape.Tenants / users
			contexts[i] = request.WithUser(context.Background(), member(tenant, n))
			want[i] = e.Shape.NamespacesOf(tenant)
		}
		list := func(i int) error {
			got, err := r.List(contexts[i%users], &metainternalversion.ListOptions{})
			if err != nil {
				return err
			}
			if n := meta.LenList(got); n != want[i%users] {
				return fmt.Errorf("a list has %d items, want %d", n, want[i%users])
			}
			return encoder.Encode(got, io.Discard)
		}
		for i := range users { // warms up, and computes the identity of each user
			if err := list(i); err != nil {
				return nil, err
			}
		}
		cost, err := e.collection.measure(fmt.Sprintf("member of %d groups", n), e.Lists, func() error {
			for i := range e.Lists {
				if err := list(i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		costs = append(costs, cost)
	}
	return costs, nil
}

// member returns a user in a number of groups, of which one owns a Tenant.
func member(tenant, groups int) *user.DefaultInfo {
	u := &user.DefaultInfo{Name: fmt.Sprint("member-of-", tenant), Groups: []string{user.AllAuthenticated, synthetic.Team(tenant)}}
	for i := len(u.Groups); i < groups; i++ {
		u.Groups = append(u.Groups, fmt.Sprintf("department-%03d", i))
	}
	return u
}

// watches returns the memory with idle watches, each of the owner of another Tenant as far as there are enough.
func (e *engine) watches(ctx context.Context) (*Memory, error) {
	r := e.rest()
	for i := range e.Watches {
		u := &user.DefaultInfo{Name: synthetic.Owner(i % e.Shape.Tenants), Groups: []string{user.AllAuthenticated}}
		stream, err := r.Watch(request.WithUser(ctx, u), &metainternalversion.ListOptions{
			AllowWatchBookmarks: true, SendInitialEvents: ptr.To(false), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		})
		if err != nil {
			return nil, err
		}
		defer stream.Stop() //nolint:gocritic // the watches must be open until the memory has been read
	}
	m, err := memory()
	return &m, err
}

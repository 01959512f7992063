// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/viewreview"
)

// fixture is the reviews over a simulated cluster.
type fixture struct {
	*feed.Feed
	rests  map[string]*registry.REST // by upstream resource
	self   *viewreview.SelfREST
	other  *viewreview.OtherREST
	native native
}

// native is what RBAC allows: "USER list RESOURCE" or "USER get RESOURCE NAME". err fails all reviews.
type native struct {
	allowed map[string]bool
	err     error
}

func (n *native) CanList(_ context.Context, u user.Info, r schema.GroupVersionResource) (bool, error) {
	return n.allowed[u.GetName()+" list "+r.Resource], n.err
}

func (n *native) CanStillList(ctx context.Context, u user.Info, r schema.GroupVersionResource) (bool, error) {
	return n.CanList(ctx, u, r)
}

func (n *native) CanGet(_ context.Context, u user.Info, r schema.GroupVersionResource, name string) (bool, error) {
	return n.allowed[u.GetName()+" get "+r.Resource+" "+name], n.err
}

func newFixture(policy grants.Policy, writes bool) *fixture {
	f := &fixture{Feed: feed.New(policy), rests: make(map[string]*registry.REST), native: native{allowed: make(map[string]bool)}}
	config := registry.Config{Viewers: f.Cluster, ServerID: registry.NewServerID(), Synced: func() bool { return true }}
	if policy.NativeRBAC == grants.NativeRBACUnion {
		config.Reviews = &f.native
	}
	var all []*registry.REST
	for _, kind := range kinds.All(kinds.Options{}) {
		rest := registry.NewREST(kind, f.View(kind.Upstream.Resource), config)
		f.rests[kind.Upstream.Resource] = rest
		all = append(all, rest)
	}
	f.self, f.other = viewreview.New(viewreview.Config{Kinds: all, Explainer: f.Cluster, Policy: policy, Writes: func(k *registry.Kind) bool { return writes && k.ProxySetting != "" }})
	f.Cluster.GoLive()
	return f
}

// put adds objects in YAML.
func (f *fixture) put(t *testing.T, documents ...string) {
	t.Helper()
	for _, document := range documents {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		f.Put(o)
	}
}

func (f *fixture) ask(u user.Info, spec v1alpha1.SelfTenantViewReviewSpec) (*v1alpha1.SelfTenantViewReview, error) {
	got, err := f.self.Create(genericapirequest.WithUser(context.Background(), u), &v1alpha1.SelfTenantViewReview{Spec: spec}, nil, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return got.(*v1alpha1.SelfTenantViewReview), nil
}

func (f *fixture) mustAsk(t *testing.T, u user.Info, spec v1alpha1.SelfTenantViewReviewSpec) *v1alpha1.SelfTenantViewReview {
	t.Helper()
	got, err := f.ask(u, spec)
	if err != nil {
		t.Fatalf("%s asks %+v: %v", u.GetName(), spec, err)
	}
	return got
}

func (f *fixture) askAbout(u *user.DefaultInfo, spec v1alpha1.SelfTenantViewReviewSpec) (*v1alpha1.TenantViewReview, error) {
	ctx := genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: "admin"})
	got, err := f.other.Create(ctx, &v1alpha1.TenantViewReview{Spec: v1alpha1.TenantViewReviewSpec{
		SelfTenantViewReviewSpec: spec, User: u.Name, Groups: u.Groups,
	}}, nil, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return got.(*v1alpha1.TenantViewReview), nil
}

// list returns the names that a list of the user shows.
func (f *fixture) list(t *testing.T, u user.Info, resource string) []string {
	t.Helper()
	entries, _, err := f.rests[resource].Listed(context.Background(), u)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	return names
}

// gets returns whether GET shows an object to the user.
func (f *fixture) gets(t *testing.T, u user.Info, resource, name string) bool {
	t.Helper()
	_, err := f.rests[resource].Get(genericapirequest.WithUser(context.Background(), u), name, nil)
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// codeOf returns the HTTP status of an error.
func codeOf(err error) int32 {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return 0
	}
	return status.Status().Code
}

// withAuthenticated adds the group of all authenticated users.
func withAuthenticated(name string, groups ...string) *user.DefaultInfo {
	return &user.DefaultInfo{Name: name, Groups: append(slices.Clone(groups), user.AllAuthenticated)}
}

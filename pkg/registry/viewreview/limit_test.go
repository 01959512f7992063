// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/viewreview"
	"capsule.dev/tenantview/pkg/view"
)

// Guessing names costs reviews of kube-apiserver, so names count against the limit of the user who asks:
// in his own reviews, and in those of an administrator about others.
func TestNamesAreLimited(t *testing.T) {
	f := newSolar(t, false)
	denied := authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
		return authorizer.DecisionDeny, "", nil
	})
	reviews := accessreview.New(denied, 30*time.Second, accessreview.NewNameLimit())
	for _, rest := range f.rests {
		rest.Reviews = reviews
	}
	codes := func(ask func(name string) error) map[int32]int {
		counts := make(map[int32]int)
		for i := range 40 {
			name := fmt.Sprintf("absent-%d", i)
			if i == 39 {
				name = "wind-1" // exists
			}
			counts[codeOf(ask(name))]++
		}
		return counts
	}
	self := func(u string) func(string) error {
		return func(name string) error {
			_, err := f.ask(withAuthenticated(u), v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes", Name: name})
			return err
		}
	}
	other := codes(func(name string) error {
		_, err := f.askAbout(withAuthenticated("alice"), v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes", Name: name})
		return err
	})
	if other[0] < 25 || other[429] < 5 {
		t.Errorf("an administrator gets the codes %v", other)
	}
	// alice has not asked anything yet.
	if err := self("alice")("absent-of-alice"); err != nil {
		t.Errorf("alice: %v", err)
	}
	if own := codes(self("bob")); own[0] < 25 || own[429] < 5 {
		t.Errorf("bob gets the codes %v", own)
	}
}

// waiting is an Explainer that waits before it answers.
type waiting struct {
	viewreview.Explainer
	entered, answer chan struct{}
}

func (w *waiting) Explain(user.Info, schema.GroupResource, string) ([]grants.Traced, int) {
	w.entered <- struct{}{}
	<-w.answer
	return nil, 0
}

func TestReviewsAtATimeAreLimited(t *testing.T) {
	f := newSolar(t, false)
	w := &waiting{entered: make(chan struct{}), answer: make(chan struct{})}
	var all []*registry.REST
	for _, rest := range f.rests {
		all = append(all, rest)
	}
	self, _ := viewreview.New(viewreview.Config{Kinds: all, Explainer: w})
	create := func(u string) error {
		ctx := genericapirequest.WithUser(context.Background(), withAuthenticated(u))
		_, err := self.Create(ctx, &v1alpha1.SelfTenantViewReview{Spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes"}}, nil, &metav1.CreateOptions{})
		return err
	}
	done := make(chan error)
	for range 4 {
		go func() { done <- create("bob") }()
		<-w.entered
	}
	if err := create("bob"); codeOf(err) != 429 {
		t.Errorf("the fifth review: %v", err)
	}
	go func() { done <- create("carol") }()
	<-w.entered
	close(w.answer)
	for range 5 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	go func() { <-w.entered }()
	if err := create("bob"); err != nil {
		t.Errorf("a review after the others: %v", err)
	}
}

// ahead is an Explainer that already knows of grants which the view does not show yet.
type ahead struct {
	viewreview.Explainer
	grants []grants.Traced
}

func (a *ahead) Explain(user.Info, schema.GroupResource, string) ([]grants.Traced, int) {
	return a.grants, 0
}

// Reasons are worked out a moment after the question what the user sees. While grants change, they may not
// agree. The answer then still names no namespace that the user does not see.
func TestReasonsThatAreAheadNameNoNamespace(t *testing.T) {
	f := newSolar(t, false)
	held := grants.Held{Subject: view.User("bob"), Grant: view.Grant{Criterion: view.Name("gold"), Operations: view.OpList | view.OpGet}}
	a := &ahead{grants: []grants.Traced{
		{Held: held, Origin: grants.Origin{Source: grants.ProxySettingSource, Tenant: "solar", Namespace: "solar-web", Name: "guests"}, Selected: view.Name("gold")},
		{Held: held, Origin: grants.Origin{Source: grants.RoleBindingSource, Namespace: "solar-web", Name: "rb"}, Selected: view.Name("solar-web")},
	}}
	self, _ := viewreview.New(viewreview.Config{Kinds: f.self.Kinds, Explainer: a})
	ctx := genericapirequest.WithUser(context.Background(), withAuthenticated("bob"))
	got, err := self.Create(ctx, &v1alpha1.SelfTenantViewReview{Spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "sc", Name: "gold"}}, nil, &metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	status := got.(*v1alpha1.SelfTenantViewReview).Status
	if text := fmt.Sprintf("%+v", status); status.Allowed || len(status.Grants) != 1 || *status.Grants[0].Objects != 0 || strings.Contains(text, "solar-web") {
		t.Errorf("bob is told %s", text)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
)

// reviewClient gives its answers one after the other, and then repeats the last one.
type reviewClient struct {
	authorizationclient.SubjectAccessReviewInterface
	answers []authorizationv1.SubjectAccessReviewStatus
	errs    []error
	asked   []authorizationv1.SubjectAccessReviewSpec
}

func (c *reviewClient) Create(_ context.Context, review *authorizationv1.SubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SubjectAccessReview, error) {
	c.asked = append(c.asked, review.Spec)
	i := len(c.asked) - 1
	if i < len(c.errs) {
		return nil, c.errs[i]
	}
	return &authorizationv1.SubjectAccessReview{Status: c.answers[min(i-len(c.errs), len(c.answers)-1)]}, nil
}

func TestWebhookDecisions(t *testing.T) {
	type status = authorizationv1.SubjectAccessReviewStatus
	for name, tc := range map[string]struct {
		status status
		errs   []error
		want   authorizer.Decision
		err    bool
		asked  int
	}{
		"allowed":                   {status: status{Allowed: true}, want: authorizer.DecisionAllow, asked: 1},
		"not allowed":               {want: authorizer.DecisionNoOpinion, asked: 1},
		"denied":                    {status: status{Denied: true}, want: authorizer.DecisionDeny, asked: 1},
		"allowed and denied":        {status: status{Denied: true, Allowed: true}, want: authorizer.DecisionDeny, err: true, asked: 1},
		"an error that passes":      {status: status{Allowed: true}, errs: []error{apierrors.NewInternalError(errors.New("x"))}, want: authorizer.DecisionAllow, asked: 2},
		"an error that stays":       {errs: []error{apierrors.NewForbidden(authorizationv1.Resource("subjectaccessreviews"), "", nil)}, want: authorizer.DecisionNoOpinion, err: true, asked: 1},
		"an error that is repeated": {errs: []error{apierrors.NewTooManyRequests("x", 1), apierrors.NewTooManyRequests("x", 1)}, want: authorizer.DecisionNoOpinion, err: true, asked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := &reviewClient{answers: []status{tc.status}, errs: tc.errs}
			w := NewWebhook(c, wait.Backoff{Duration: time.Nanosecond, Steps: 2})
			got, _, err := w.Authorize(t.Context(), requestFor(alice, "list", ""))
			if got != tc.want || (err != nil) != tc.err || len(c.asked) != tc.asked {
				t.Errorf("decision %v, error %v after %d reviews", got, err, len(c.asked))
			}
		})
	}
}

func TestWebhookQuestions(t *testing.T) {
	resource := authorizer.AttributesRecord{
		User: alice, Verb: "get", APIGroup: "g", APIVersion: "v1", Resource: "r", Subresource: "s", Namespace: "ns", Name: "n", Path: "/p", ResourceRequest: true,
		FieldSelectorRequirements: fields.OneTermEqualSelector("metadata.name", "n").Requirements(),
	}
	path := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: "bob"}, Verb: "post", Path: "/p"}
	c := &reviewClient{answers: make([]authorizationv1.SubjectAccessReviewStatus, 1)}
	w := NewWebhook(c, wait.Backoff{Steps: 1})
	for _, a := range []authorizer.Attributes{resource, path} {
		if _, _, err := w.Authorize(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	want := []authorizationv1.SubjectAccessReviewSpec{
		{
			User: "alice", UID: "7", Groups: []string{"devs"}, Extra: map[string]authorizationv1.ExtraValue{"scopes": {"a"}},
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "ns", Verb: "get", Group: "g", Version: "v1", Resource: "r", Subresource: "s", Name: "n"},
		},
		{User: "bob", NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/p", Verb: "post"}},
	}
	if diff := cmp.Diff(want, c.asked); diff != "" {
		t.Errorf("reviews (-want +got):\n%s", diff)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/util/webhook"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/component-base/tracing"
	"k8s.io/klog/v2"
)

// Webhook is an authorizer that creates a SubjectAccessReview for each question. It does not cache.
//
// The webhook authorizer of k8s.io/apiserver (plugin/pkg/authorizer/webhook) asks the same, but
// always caches up to 8,192 questions, whatever their time to live. It keeps each as JSON with the
// selectors of the request and all groups of the user.
type Webhook struct {
	client  authorizationclient.SubjectAccessReviewInterface
	backoff wait.Backoff
	metrics requestMetrics
}

// NewWebhook returns an authorizer that uses the client. It retries after temporary errors
// (webhook.DefaultShouldRetry) with the given backoff.
func NewWebhook(client authorizationclient.SubjectAccessReviewInterface, backoff wait.Backoff) *Webhook {
	return &Webhook{client: client, backoff: backoff, metrics: authorizerfactory.NewDelegatingAuthorizerMetrics()}
}

// slowReview is how long a review must take to be in the log.
const slowReview = 500 * time.Millisecond

var errAllowedAndDenied = errors.New("the review both allows and denies the request")

// Authorize asks about the request without its selectors. They can only narrow the question, so
// leaving them out fails closed.
func (w *Webhook) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	ctx, span := tracing.Start(ctx, "ReviewAccess", attribute.String("verb", a.GetVerb()), attribute.String("resource", a.GetResource()))
	defer span.End(slowReview)
	review := &authorizationv1.SubjectAccessReview{Spec: specOf(a)}
	var answer *authorizationv1.SubjectAccessReview
	err := webhook.WithExponentialBackoff(ctx, w.backoff, func() (err error) {
		start := time.Now()
		answer, err = w.client.Create(ctx, review, metav1.CreateOptions{})
		code := codeOf(err)
		w.metrics.RecordRequestTotal(ctx, code)
		w.metrics.RecordRequestLatency(ctx, code, time.Since(start).Seconds())
		span.AddEvent("Answered", attribute.String("code", code))
		return err
	}, webhook.DefaultShouldRetry)
	switch {
	case err != nil:
		klog.FromContext(ctx).V(2).Info("A SubjectAccessReview failed", "err", err)
		return authorizer.DecisionNoOpinion, "", err
	case answer.Status.Denied && answer.Status.Allowed:
		return authorizer.DecisionDeny, answer.Status.Reason, errAllowedAndDenied
	case answer.Status.Denied:
		return authorizer.DecisionDeny, answer.Status.Reason, nil
	case answer.Status.Allowed:
		return authorizer.DecisionAllow, answer.Status.Reason, nil
	default:
		return authorizer.DecisionNoOpinion, answer.Status.Reason, nil
	}
}

// requestMetrics are those of k8s.io/apiserver's delegating authorizer, of which only the constructor
// is exported.
type requestMetrics interface {
	RecordRequestTotal(ctx context.Context, code string)
	RecordRequestLatency(ctx context.Context, code string, latency float64)
}

// codeOf returns the label for the result of a request, as k8s.io/apiserver does.
func codeOf(err error) string {
	status := apierrors.APIStatus(nil)
	switch {
	case err == nil:
		return strconv.Itoa(http.StatusCreated)
	case errors.As(err, &status):
		return strconv.Itoa(int(status.Status().Code))
	default:
		return "<error>"
	}
}

func specOf(a authorizer.Attributes) authorizationv1.SubjectAccessReviewSpec {
	var spec authorizationv1.SubjectAccessReviewSpec
	if u := a.GetUser(); u != nil {
		spec.User, spec.UID, spec.Groups = u.GetName(), u.GetUID(), u.GetGroups()
		if extra := u.GetExtra(); extra != nil {
			spec.Extra = make(map[string]authorizationv1.ExtraValue, len(extra))
			for key, values := range extra {
				if key != credentialID {
					spec.Extra[key] = values
				}
			}
		}
	}
	if !a.IsResourceRequest() {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Path: a.GetPath(), Verb: a.GetVerb()}
		return spec
	}
	spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
		Namespace: a.GetNamespace(), Verb: a.GetVerb(), Group: a.GetAPIGroup(), Version: a.GetAPIVersion(),
		Resource: a.GetResource(), Subresource: a.GetSubresource(), Name: a.GetName(),
	}
	return spec
}

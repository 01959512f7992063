// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/viewreview"
)

// Resources returns the resources that a server serves.
func Resources() sets.Set[schema.GroupVersionResource] {
	resources := sets.New[schema.GroupVersionResource]()
	for _, kind := range kinds.All(kinds.Options{}) {
		resources.Insert(v1alpha1.SchemeGroupVersion.WithResource(kind.Resource))
	}
	return resources.Insert(v1alpha1.SchemeGroupVersion.WithResource(viewreview.SelfResource), v1alpha1.SchemeGroupVersion.WithResource(viewreview.OtherResource))
}

// withoutSelectors hides the selectors of requests from authorization, so that they need not be
// parsed for it. A selector can only narrow the question.
type withoutSelectors struct {
	genericapirequest.RequestInfoResolver
}

// NewRequestInfo implements request.RequestInfoResolver.
func (r withoutSelectors) NewRequestInfo(req *http.Request) (*genericapirequest.RequestInfo, error) {
	info, err := r.RequestInfoResolver.NewRequestInfo(req)
	if info != nil {
		info.FieldSelector, info.LabelSelector = "", ""
	}
	return info, err
}

// withAuthorization serves the requests that the authorizer allows. It wraps the filter of
// k8s.io/apiserver, which would answer accessreview.ErrTooManyNames with an internal error, and
// answers that with TooManyRequests.
func withAuthorization(next http.Handler, c *genericapiserver.Config) http.Handler {
	authorized := genericapifilters.WithAuthorization(next, authorizer.AuthorizerFunc(decided), c.Serializer)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		if who, ok := genericapirequest.UserFrom(ctx); ok {
			// Authorization and storage both need the user's identity. It is found once.
			ctx = genericapirequest.WithUser(ctx, accessreview.Identified(who))
		}
		attributes, err := genericapifilters.GetAuthorizerAttributes(ctx)
		if err != nil {
			responsewriters.InternalError(w, req, err)
			return
		}
		var v verdict
		start := time.Now()
		v.decision, v.reason, v.err = c.Authorization.Authorizer.Authorize(ctx, attributes)
		// The filter within measures only how long the verdict takes to be repeated.
		genericapirequest.TrackAuthorizationLatency(ctx, time.Since(start))
		if v.decision != authorizer.DecisionAllow && errors.Is(v.err, accessreview.ErrTooManyNames) {
			refuse(w, req, registry.RefusedNames, apierrors.NewTooManyRequests(accessreview.ErrTooManyNames.Error(), retryAfter))
			return
		}
		authorized.ServeHTTP(w, req.WithContext(context.WithValue(ctx, verdictKey{}, v)))
	})
}

// retryAfter is the number of seconds after which a client should retry a refused request.
const retryAfter = 1

type verdictKey struct{}

// verdict is the authorizer's answer for a request.
type verdict struct {
	decision authorizer.Decision
	reason   string
	err      error
}

// decided is an authorizer that repeats the verdict in the request's context. It denies requests
// without a verdict.
func decided(ctx context.Context, _ authorizer.Attributes) (authorizer.Decision, string, error) {
	v, ok := ctx.Value(verdictKey{}).(verdict)
	if !ok {
		return authorizer.DecisionDeny, "", errors.New("the request was not authorized")
	}
	return v.decision, v.reason, v.err
}

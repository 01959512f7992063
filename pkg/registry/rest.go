// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/view"
)

// maxNameLength is the length of the longest name that an object can have in Kubernetes. The server
// neither asks for reviews of longer names nor remembers them.
const maxNameLength = validation.DNS1123SubdomainMaxLength

// Viewers returns what grants let users see.
type Viewers interface {
	Viewer(user.Info) view.Viewer
	// Changed returns a channel that is closed when the results of Viewer may have changed.
	Changed() <-chan struct{}
}

// Reviews answers what RBAC allows users to do with upstream resources. It answers no unless it
// knows that the user is allowed.
type Reviews interface {
	// CanList returns whether the user may list the resource in the whole cluster. It fails if a
	// review failed and no earlier answer is known.
	CanList(context.Context, user.Info, schema.GroupVersionResource) (bool, error)
	// CanStillList is CanList for a running watch. Its answer may be older: up to a part of the
	// interval at which watches ask.
	CanStillList(context.Context, user.Info, schema.GroupVersionResource) (bool, error)
	// CanGet returns whether the user may get the object with that name. It fails as CanList does,
	// and with accessreview.ErrTooManyNames if the user asks about too many names.
	CanGet(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string) (bool, error)
}

// Config is the configuration that the RESTs of all kinds share.
type Config struct {
	Viewers Viewers
	// ServerID is that of the server, the same for all kinds.
	ServerID ServerID
	// Issued remembers at which revisions watches can resume; nil makes a new one for this REST
	// alone.
	Issued *IssuedPositions
	// Encodings remembers the encodings of listed objects; nil makes new ones for this REST alone.
	Encodings *Encodings
	// Reviews adds native RBAC to what users see; nil leaves native RBAC out.
	Reviews Reviews
	// Synced returns whether all sources have been read. Until then, every request is refused.
	Synced func() bool
	// WriteLag returns how long what decides on writes has been behind kube-apiserver; nil means never.
	WriteLag func() time.Duration
	// ObserveList is called with the number of items of each answered list.
	ObserveList func(resource string, items int)
	// ObserveResume is called with the result of each request to resume a watch, and
	// ObserveTermination with the reason why each watch ended.
	ObserveResume      func(resource, result string)
	ObserveTermination func(resource, reason string)
	// ObserveRefusal is called with the reason of each request that exceeds a limit.
	ObserveRefusal func(reason string)
	// Policy is the policy in a few words, for the audit log.
	Policy string
	// ReviewInterval is how often a running watch asks Reviews again; 0 means 30 seconds.
	ReviewInterval time.Duration
}

// REST serves one kind from its view.
type REST struct {
	kind  *Kind
	view  *view.View
	pages *pages
	// waits limits the requests that wait for a resourceVersion.
	waits *Limit
	Config
}

var (
	_ rest.Storage              = &REST{}
	_ rest.Scoper               = &REST{}
	_ rest.SingularNameProvider = &REST{}
	_ rest.ShortNamesProvider   = &REST{}
	_ rest.CategoriesProvider   = &REST{}
	_ rest.Getter               = &REST{}
	_ rest.Lister               = &REST{}
	_ rest.Watcher              = &REST{}
	_ rest.TableConvertor       = &REST{}
)

// NewREST returns a REST that serves a kind from its view.
func NewREST(kind *Kind, v *view.View, config Config) *REST {
	if config.Issued == nil {
		config.Issued = NewIssuedPositions()
	}
	if config.Encodings == nil {
		config.Encodings = NewEncodings()
	}
	return &REST{
		kind: kind, view: v, pages: newPages(),
		waits:  NewLimit("requests that wait for a resourceVersion", maxWaits, maxWaitsOfAll),
		Config: config,
	}
}

// New returns an empty object of the kind.
func (r *REST) New() runtime.Object { return r.kind.New() }

// NewList returns an empty list of the kind.
func (r *REST) NewList() runtime.Object { return r.kind.NewList() }

// Destroy does nothing: there is nothing to release.
func (r *REST) Destroy() {}

// NamespaceScoped returns false: all kinds are cluster-scoped.
func (r *REST) NamespaceScoped() bool { return false }

// GetSingularName returns the singular name of the resource.
func (r *REST) GetSingularName() string { return r.kind.Singular }

// ShortNames returns the short names of the resource.
func (r *REST) ShortNames() []string { return r.kind.ShortNames }

// Categories returns the category of all kinds: kubectl get tenantview lists all that a user sees.
func (r *REST) Categories() []string { return []string{"tenantview"} }

// Get returns the object with that name. A hidden object is not found: the answer, and the work to
// get it, are the same as for an object that does not exist.
func (r *REST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	u, err := r.admit(ctx)
	if err != nil {
		return nil, err
	}
	if options != nil {
		wanted, err := versioner.ParseResourceVersion(options.ResourceVersion)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		if err := r.waitNotOlderThan(ctx, u, wanted); err != nil {
			return nil, err
		}
	}
	e, native, err := r.find(ctx, u, name)
	noteNativeRBAC(ctx, native)
	switch {
	case err != nil:
		return nil, err
	case e != nil:
		noteObjects(ctx, 1)
		return r.kind.Convert(e, r.ServerID), nil
	default:
		noteObjects(ctx, 0)
		return nil, apierrors.NewNotFound(v1alpha1.Resource(r.kind.Resource), name)
	}
}

// get is find without the value of the annotation.
func (r *REST) get(ctx context.Context, u user.Info, name string) (*view.Entry, bool, error) {
	e, _, err := r.find(ctx, u, name)
	return e, e != nil, err
}

// find returns the object of that name if the user may get it, or nil. It also returns the value of the
// audit annotation that says whether native RBAC shows the object, or "" if it found no answer.
func (r *REST) find(ctx context.Context, u user.Info, name string) (e *view.Entry, native string, err error) {
	ctx, span := r.startSpan(ctx, "GetFromView")
	defer span.End(slowSpan)
	if e, ok := r.view.Get(r.Viewers.Viewer(u), name, view.OpGet); ok {
		return e, nativeRBACIsNotAsked, nil
	}
	if r.Reviews == nil || len(name) > maxNameLength {
		return nil, nativeRBACIsNotAsked, nil
	}
	allowed, unknown := r.Reviews.CanList(ctx, u, r.kind.Upstream)
	if !allowed {
		byName, err := r.Reviews.CanGet(ctx, u, r.kind.Upstream, name)
		switch {
		// None of these errors is "not found": a controller would take that for a deletion. They do
		// not depend on whether an object with that name exists.
		case errors.Is(err, accessreview.ErrTooManyNames):
			r.observeRefusal(RefusedNames)
			return nil, "", apierrors.NewTooManyRequests(err.Error(), retryAfter)
		case err != nil || !byName && unknown != nil:
			return nil, nativeRBACNotKnown, errNativeRBACUnknown()
		}
		allowed = byName
	}
	e, _ = r.view.Get(view.Viewer{All: allowed}, name, view.OpGet)
	return e, nativeRBACOf(allowed, nil), nil
}

// viewer returns the viewer for a list or watch of the request's user, and notes for the audit log
// whether native RBAC shows him everything.
func (r *REST) viewer(ctx context.Context, u user.Info) (view.Viewer, error) {
	who, native, err := r.viewerOf(ctx, u)
	noteNativeRBAC(ctx, native)
	return who, err
}

// viewerOf returns the viewer for a list or watch of a user, and the value of the audit annotation. If the
// review of native RBAC failed, users whose grants show them something see only that. Others get
// ServiceUnavailable, because a program would take an empty list for the deletion of all objects.
func (r *REST) viewerOf(ctx context.Context, u user.Info) (who view.Viewer, native string, err error) {
	who = r.Viewers.Viewer(u)
	if r.Reviews == nil {
		return who, nativeRBACIsNotAsked, nil
	}
	who.All, err = r.Reviews.CanList(ctx, u, r.kind.Upstream)
	native = nativeRBACOf(who.All, err)
	if err != nil && !r.view.ShowsAny(who) {
		return view.Viewer{}, native, errNativeRBACUnknown()
	}
	return who, native, nil
}

// errNativeRBACUnknown returns ServiceUnavailable with the time after which to retry.
func errNativeRBACUnknown() error {
	err := apierrors.NewServiceUnavailable("kube-apiserver did not answer whether RBAC lets the user see more; try again")
	err.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: retryAfter}
	return err
}

// admit returns the user of a request. It refuses requests until the sources have been read.
func (r *REST) admit(ctx context.Context) (user.Info, error) {
	r.notePolicy(ctx)
	if !r.Synced() {
		return nil, apierrors.NewServiceUnavailable("the server has not read the cluster yet; /readyz shows what it waits for")
	}
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return nil, apierrors.NewUnauthorized("the request names no user")
	}
	return accessreview.Identified(u), nil
}

// issuedTo returns the revisions of this kind that the user was given.
func (r *REST) issuedTo(u user.Info) *issued { return r.Issued.of(r.kind.Resource, u) }

func (r *REST) reviewInterval() time.Duration {
	if r.ReviewInterval > 0 {
		return r.ReviewInterval
	}
	return 30 * time.Second
}

func (r *REST) observeRefusal(reason string) {
	if r.ObserveRefusal != nil {
		r.ObserveRefusal(reason)
	}
}

func (r *REST) observeResume(result string) {
	if r.ObserveResume != nil {
		r.ObserveResume(r.kind.Resource, result)
	}
}

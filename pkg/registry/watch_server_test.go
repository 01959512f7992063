// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	clientrest "k8s.io/client-go/rest"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/apiserver"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
)

// watchServer serves all kinds over HTTP. Its handler can be replaced, as when a Service sends
// requests to another server.
type watchServer struct {
	*httptest.Server
	handler atomic.Pointer[http.Handler]
}

func newWatchServer(t testing.TB) *watchServer {
	s := &watchServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*s.handler.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *watchServer) answerBy(h http.Handler) { s.handler.Store(&h) }

// config returns the configuration of a client that authenticates by headers.
func (s *watchServer) config(u user.Info) *clientrest.Config {
	return &clientrest.Config{
		Host: s.URL, QPS: -1,
		WrapTransport: func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				r = r.Clone(r.Context())
				r.Header.Set("X-User", u.GetName())
				r.Header.Set("X-Uid", u.GetUID())
				r.Header["X-Group"] = u.GetGroups()
				return next.RoundTrip(r)
			})
		},
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newWatchHandler returns the handler of a generic API server that serves all kinds.
func newWatchHandler(t testing.TB, f *feed.Feed, config registry.Config) http.Handler {
	t.Helper()
	generic := apiserver.NewGenericConfig()
	generic.LoopbackClientConfig = &clientrest.Config{}
	generic.ExternalAddress = "127.0.0.1:443"
	generic.Authentication.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{
			Name: r.Header.Get("X-User"), UID: r.Header.Get("X-Uid"), Groups: r.Header["X-Group"],
		}}, true, nil
	})
	generic.Authorization.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	server, err := generic.Complete(nil).New("test", genericapiserver.NewEmptyDelegate())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Destroy)
	group := genericapiserver.NewDefaultAPIGroupInfo(v1alpha1.GroupName, apiserver.Scheme, apiserver.ParameterCodec, apiserver.Codecs)
	storage := make(map[string]rest.Storage)
	for _, kind := range kinds.All(kinds.Options{}) {
		storage[kind.Resource] = registry.NewREST(kind, f.View(kind.Upstream.Resource), config)
	}
	group.VersionedResourcesStorageMap[v1alpha1.SchemeGroupVersion.Version] = storage
	if err := server.InstallAPIGroup(&group); err != nil {
		t.Fatal(err)
	}
	return server.Handler
}

// rbac holds which user may list which resource, as "user resource".
type rbac struct {
	mu      sync.Mutex
	allowed map[string]bool
	// away is the error of all reviews, if any.
	away error
	// asked counts the reviews.
	asked int
}

func (r *rbac) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = err
}

func (r *rbac) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

func (r *rbac) review(who, resource string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.away != nil {
		return false, r.away
	}
	return r.allowed[who+" "+resource], nil
}

func (r *rbac) set(who, resource string, allowed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.allowed == nil {
		r.allowed = make(map[string]bool)
	}
	r.allowed[who+" "+resource] = allowed
}

func (r *rbac) isAllowed(who, resource string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.allowed[who+" "+resource]
}

func (r *rbac) CanList(_ context.Context, u user.Info, resource schema.GroupVersionResource) (bool, error) {
	return r.review(u.GetName(), resource.Resource)
}

func (r *rbac) CanStillList(_ context.Context, u user.Info, resource schema.GroupVersionResource) (bool, error) {
	return r.review(u.GetName(), resource.Resource)
}

func (r *rbac) CanGet(_ context.Context, u user.Info, _ schema.GroupVersionResource, name string) (bool, error) {
	return r.review(u.GetName(), "get "+name)
}

// eventually polls until the condition returns no error. In the end it reports the last error.
func eventually(t testing.TB, holds func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	t.Error(err)
}

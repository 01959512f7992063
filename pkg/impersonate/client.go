// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package impersonate

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// Client changes objects of kube-apiserver as users. It never sends a request without a user.
type Client struct {
	clients map[schema.GroupVersion]rest.Interface
}

// NewClient returns a client for the cluster-scoped resources of these groups and versions. config
// must not impersonate anybody by itself.
func NewClient(config *rest.Config, groups ...schema.GroupVersion) (*Client, error) {
	if config.Impersonate.UserName != "" {
		return nil, errors.New("the configuration of the cluster impersonates a user, so the server cannot impersonate those who write")
	}
	c := &Client{clients: make(map[schema.GroupVersion]rest.Interface)}
	for _, gv := range groups {
		client, err := rest.RESTClientFor(configOf(config, gv))
		if err != nil {
			return nil, fmt.Errorf("creating the client for writes to %s: %w", gv, err)
		}
		c.clients[gv] = client
	}
	return c, nil
}

func configOf(config *rest.Config, gv schema.GroupVersion) *rest.Config {
	config = rest.CopyConfig(config)
	config.GroupVersion = &gv
	config.APIPath = "/apis"
	if gv.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	config.ContentType = runtime.ContentTypeJSON
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	// Priority and fairness in kube-apiserver limits each user; this server limits requests before.
	config.QPS = -1
	config.WarningHandlerWithContext = warnings{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return impersonating{next} })
	return config
}

// Patch patches an object as the user. The result is an object of client-go's scheme, which the caller
// owns.
func (c *Client) Patch(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string, how types.PatchType, data []byte, options metav1.PatchOptions) (runtime.Object, error) {
	return c.clients[resource.GroupVersion()].Patch(how).Resource(resource.Resource).Name(name).
		VersionedParams(&options, scheme.ParameterCodec).Body(data).MaxRetries(0).Do(as(ctx, u)).Get()
}

// Delete deletes an object as the user. The result is a Status, or the object if it goes on to exist.
func (c *Client) Delete(ctx context.Context, u user.Info, resource schema.GroupVersionResource, name string, options metav1.DeleteOptions) (runtime.Object, error) {
	return c.clients[resource.GroupVersion()].Delete().Resource(resource.Resource).Name(name).
		Body(&options).MaxRetries(0).Do(as(ctx, u)).Get()
}

type userKey struct{}

func as(ctx context.Context, u user.Info) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

// impersonating sends each request as the user in its context.
type impersonating struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (i impersonating) RoundTrip(req *http.Request) (*http.Response, error) {
	u, ok := req.Context().Value(userKey{}).(user.Info)
	if !ok {
		return nil, errors.New("refusing to write as the server itself")
	}
	if err := Check(u); err != nil {
		return nil, err
	}
	if req.Header.Get(transport.ImpersonateUserHeader) != "" {
		return nil, errors.New("the request impersonates another user already")
	}
	return transport.NewImpersonatingRoundTripper(impersonation(u), i.next).RoundTrip(req)
}

// warnings passes the warnings of kube-apiserver on to the user.
type warnings struct{}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _ string, text string) {
	if code == 299 && text != "" {
		warning.AddWarning(ctx, "", text)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Clients lists and watches resources of one cluster.
type Clients struct {
	config    *rest.Config
	dynamic   dynamic.Interface
	discovery discovery.ServerResourcesInterfaceWithContext
}

// NewClients returns clients that connect according to config.
func NewClients(config *rest.Config) (*Clients, error) {
	config = rest.CopyConfig(config)
	// There are only a few watches and lists. API Priority and Fairness in kube-apiserver limits them.
	config.QPS, config.Burst = 100, 200
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for Capsule's resources: %w", err)
	}
	resources, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for discovery: %w", err)
	}
	return &Clients{config: config, dynamic: d, discovery: resources}, nil
}

// BuiltIn lists and watches one of Kubernetes' own resources, in protobuf.
func (c *Clients) BuiltIn(resource schema.GroupVersionResource) (*cache.ListWatch, error) {
	gv := resource.GroupVersion()
	config := rest.CopyConfig(c.config)
	config.GroupVersion = &gv
	config.APIPath = "/apis"
	if gv.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for %s: %w", resource.Resource, err)
	}
	return cache.NewFilteredListWatchFromClient(client, resource.Resource, metav1.NamespaceAll, func(*metav1.ListOptions) {}), nil
}

// Custom lists and watches a resource that a CustomResourceDefinition defines.
func (c *Clients) Custom(resource schema.GroupVersionResource) *cache.ListWatch {
	client := c.dynamic.Resource(resource)
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return client.Watch(ctx, options)
		},
	}
}

// Served reports whether discovery has a resource. kube-apiserver shows discovery to all
// authenticated users, by the ClusterRole system:discovery.
func (c *Clients) Served(ctx context.Context, resource schema.GroupVersionResource) (bool, error) {
	list, err := c.discovery.ServerResourcesForGroupVersionWithContext(ctx, resource.GroupVersion().String())
	if apierrors.IsNotFound(err) {
		return false, nil // not even the group's version is served
	}
	if err != nil {
		return false, fmt.Errorf("discovering %s: %w", resource.GroupVersion(), err)
	}
	return slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == resource.Resource }), nil
}

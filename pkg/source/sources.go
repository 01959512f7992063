// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// Sources are all inputs of one cluster.
type Sources struct {
	cluster *tenancy.Cluster
	sources []*Source

	// OnLive is called once, when all sources have been read; nil calls nothing.
	OnLive func()

	// goingLive lets only one source at a time check whether it is the last.
	goingLive sync.Mutex
	live      atomic.Bool
}

// NewSources returns the sources of a cluster's kinds, and of the resources that its policy needs.
func NewSources(clients *Clients, cluster *tenancy.Cluster, kinds []grants.Kind) (*Sources, error) {
	s := &Sources{cluster: cluster}
	for i := range kinds {
		if err := s.addKind(clients, &kinds[i]); err != nil {
			return nil, err
		}
	}
	addCustom(s, clients, capsule.Tenants, cluster.Tenants())
	addCustom(s, clients, capsule.ProxySettings, cluster.ProxySettings())
	policy := cluster.Policy()
	if policy.GlobalProxySettings == grants.On {
		addCustom(s, clients, capsule.GlobalProxySettings, cluster.GlobalProxySettings())
	}
	if policy.CapsuleUsersOnly {
		addCustom(s, clients, capsule.CapsuleConfiguration, cluster.Configurations())
	}
	if policy.RoleBindingNamespaces == grants.RoleBindingsOff {
		return s, nil
	}
	if err := addBuiltIn(s, clients, rbacv1.SchemeGroupVersion.WithResource("rolebindings"), binding, cluster.RoleBindings()); err != nil {
		return nil, err
	}
	if policy.RoleBindingNamespaces != grants.RoleBindingsRBACGet {
		return s, nil
	}
	if err := addBuiltIn(s, clients, rbacv1.SchemeGroupVersion.WithResource("roles"), role, cluster.Roles()); err != nil {
		return nil, err
	}
	return s, addBuiltIn(s, clients, rbacv1.SchemeGroupVersion.WithResource("clusterroles"), role, cluster.ClusterRoles())
}

func (s *Sources) addKind(clients *Clients, kind *grants.Kind) error {
	upstream := kind.Upstream
	switch upstream.GroupResource() {
	case corev1.Resource("namespaces"):
		return addBuiltIn(s, clients, upstream, as(tenancy.NewNamespace), s.cluster.Namespaces())
	case corev1.Resource("persistentvolumes"):
		return addBuiltIn(s, clients, upstream, as(tenancy.NewPersistentVolume), s.cluster.PersistentVolumes())
	default:
		return addBuiltIn(s, clients, upstream, as(stripped(kind.Strip)), s.cluster.Objects(upstream.GroupResource()))
	}
}

// stripped returns tenancy.NewObject without what strip removes.
func stripped(strip func(metav1.Object)) func(metav1.Object) (tenancy.Object, error) {
	return func(o metav1.Object) (tenancy.Object, error) {
		if strip != nil {
			strip(o)
		}
		return tenancy.NewObject(o)
	}
}

func addBuiltIn[T any](s *Sources, clients *Clients, resource schema.GroupVersionResource, decode func(runtime.Object) (T, error), sink Sink[T]) error {
	lw, err := clients.BuiltIn(resource)
	if err != nil {
		return err
	}
	s.sources = append(s.sources, New(resource.Resource, nil, lw, decode, sink))
	return nil
}

func addCustom[T any](s *Sources, clients *Clients, resource schema.GroupVersionResource, sink Sink[*T]) {
	served := func(ctx context.Context) (bool, error) { return clients.Served(ctx, resource) }
	s.sources = append(s.sources, New(resource.Resource, served, clients.Custom(resource), capsuleObject[T], sink))
}

// All returns the sources. The slice must not be changed.
func (s *Sources) All() []*Source { return s.sources }

// Live reports whether all sources have been read once and the cluster has gone live. Before that,
// its views do not show the truth.
func (s *Sources) Live() bool { return s.live.Load() }

// allSynced reports whether every source has been read once.
func (s *Sources) allSynced() bool {
	for _, source := range s.sources {
		if !source.Synced() {
			return false
		}
	}
	return true
}

// Serving reports whether a source has been read once, and requests do not wait for it any more: between the reading of
// the last source and the moment when the cluster is live, no source is served.
func (s *Sources) Serving(source *Source) bool {
	return source.Synced() && (s.Live() || !s.allSynced())
}

// goLive is called each time that a source has been read.
func (s *Sources) goLive(logger klog.Logger) {
	s.goingLive.Lock()
	defer s.goingLive.Unlock()
	if s.live.Load() {
		return
	}
	if !s.allSynced() {
		return
	}
	s.cluster.GoLive()
	s.live.Store(true)
	logger.Info("All sources have been read, serving requests")
	if s.OnLive != nil {
		s.OnLive()
	}
}

// Run runs all sources until the context ends, and returns when they have stopped.
func (s *Sources) Run(ctx context.Context) {
	var running sync.WaitGroup
	logger := klog.FromContext(ctx)
	for _, source := range s.sources {
		source.onSynced = func() { s.goLive(logger) }
		running.Go(func() { source.Run(ctx) })
	}
	running.Wait()
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// Root is the path of the API group.
var Root = "/apis/" + v1alpha1.SchemeGroupVersion.String()

// Served is a kind that the server serves.
type Served struct {
	// Upstream is the resource that it mirrors. UpstreamKind is the kind of that resource.
	Upstream     schema.GroupVersionResource
	UpstreamKind string
}

// NewServed returns the kind that mirrors an upstream kind.
func NewServed(upstreamKind string) Served {
	return Served{Upstream: Resources[upstreamKind], UpstreamKind: upstreamKind}
}

// Kind returns the name of the kind.
func (s Served) Kind() string { return "Tenant" + s.UpstreamKind }

// Resource returns the plural under which the kind is served.
func (s Served) Resource() string { return "tenant" + s.Upstream.Resource }

// GVR returns the resource with its group and version.
func (s Served) GVR() schema.GroupVersionResource {
	return v1alpha1.SchemeGroupVersion.WithResource(s.Resource())
}

// Path returns the path under which the kind is served.
func (s Served) Path() string { return Root + "/" + s.Resource() }

// Object returns an object of the upstream kind in YAML. metadata is more of its metadata, such as
// "finalizers: [a/b]", and rest are its other fields.
func (s Served) Object(name, metadata, rest string) string {
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s, %s}\n%s\n", s.Upstream.GroupVersion(), s.UpstreamKind, name, metadata, rest)
}

// UpstreamPath returns the path under which kube-apiserver serves the upstream kind.
func (s Served) UpstreamPath() string {
	if s.Upstream.Group == "" {
		return "/api/" + s.Upstream.Version + "/" + s.Upstream.Resource
	}
	return "/apis/" + s.Upstream.GroupVersion().String() + "/" + s.Upstream.Resource
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package impersonate

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// MetadataReader reads the metadata of cluster-scoped objects as the server itself, with its right to list
// them. It never writes.
type MetadataReader struct{ client rest.Interface }

// NewMetadataReader returns a reader that connects according to config.
func NewMetadataReader(config *rest.Config) (*MetadataReader, error) {
	// The client of k8s.io/client-go/metadata cannot be told not to retry.
	config = metadata.ConfigFor(config)
	config.GroupVersion = &schema.GroupVersion{}
	config.APIPath = "/unused" // each request has its own
	config.QPS = -1            // as in configOf
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for metadata: %w", err)
	}
	return &MetadataReader{client}, nil
}

// metadataOnly asks for the metadata of a list's objects (k8s.io/client-go/metadata, List).
const metadataOnly = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

// Metadata returns the whole metadata of an object, as it is now, or nil if there is no such object. No
// user may see all of it. An error of kube-apiserver is in the chain of the returned error; nothing is
// tried again.
func (r *MetadataReader) Metadata(ctx context.Context, resource schema.GroupVersionResource, name string) (*metav1.PartialObjectMetadata, error) {
	path := []string{"/apis", resource.Group, resource.Version, resource.Resource}
	if resource.Group == "" {
		path = []string{"/api", resource.Version, resource.Resource}
	}
	list := &metav1.PartialObjectMetadataList{}
	err := r.client.Get().AbsPath(path...).SetHeader("Accept", metadataOnly).
		Param("fieldSelector", fields.OneTermEqualSelector("metadata.name", name).String()).
		MaxRetries(0).Do(ctx).Into(list)
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of %s: %w", resource.Resource, err)
	}
	if len(list.Items) != 1 {
		return nil, nil
	}
	return &list.Items[0], nil
}

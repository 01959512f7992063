// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// MetadataReader reads the metadata of objects as the server itself, with its right to list them.
type MetadataReader struct{ client metadata.Interface }

// NewMetadataReader returns a reader that connects according to config.
func NewMetadataReader(config *rest.Config) (*MetadataReader, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for metadata: %w", err)
	}
	return &MetadataReader{client}, nil
}

// Metadata returns the whole metadata of an object, as it is now, or nil if there is no such object. No
// user may see all of it.
func (r *MetadataReader) Metadata(ctx context.Context, resource schema.GroupVersionResource, name string) (*metav1.PartialObjectMetadata, error) {
	list, err := r.client.Resource(resource).List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()})
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of %s: %w", resource.Resource, err)
	}
	if len(list.Items) != 1 {
		return nil, nil
	}
	return &list.Items[0], nil
}

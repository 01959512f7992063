// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

// fieldManager owns the fields that Applier writes.
const fieldManager = "tenantview-dev"

// Applier writes objects of any kind by server-side apply, so that applying them again changes nothing.
type Applier struct {
	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
}

// NewApplier returns an Applier that uses a client configuration and its rights.
func NewApplier(config *rest.Config) (*Applier, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Applier{
		client: client,
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco)),
	}, nil
}

// Apply creates or updates an object, and its status if it has one. It takes over fields that others
// manage. It returns the stored object and does not change its argument.
func (a *Applier) Apply(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	resource, err := a.resource(object)
	if err != nil {
		return nil, describe(object, err)
	}
	options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	stored, err := resource.Apply(ctx, object.GetName(), object, options)
	if err != nil {
		return nil, describe(object, err)
	}
	if _, ok := object.Object["status"]; !ok {
		return stored, nil
	}
	if stored, err = resource.ApplyStatus(ctx, object.GetName(), object, options); err != nil {
		return nil, fmt.Errorf("status of %w", describe(object, err))
	}
	return stored, nil
}

// resource returns the client for an object's resource and namespace.
func (a *Applier) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	// If the mapper does not know a kind, as after the installation of a CRD, it asks again by itself.
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	resource := a.client.Resource(mapping.Resource)
	if object.GetNamespace() != "" {
		return resource.Namespace(object.GetNamespace()), nil
	}
	return resource, nil
}

func describe(object *unstructured.Unstructured, err error) error {
	name := object.GetName()
	if ns := object.GetNamespace(); ns != "" {
		name = ns + "/" + name
	}
	return fmt.Errorf("%s %s: %w", object.GetKind(), name, err)
}

// Decode returns the objects of a YAML file with any number of documents. Integers are int64, as in
// all unstructured objects.
func Decode(data []byte) ([]*unstructured.Unstructured, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var objects []*unstructured.Unstructured
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		object := &unstructured.Unstructured{}
		if err == nil {
			document, err = yaml.YAMLToJSON(document)
		}
		if err == nil {
			err = utiljson.Unmarshal(document, &object.Object)
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		// A document with nothing but comments is empty.
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package seed writes a world straight into etcd, in the form in which kube-apiserver stores objects. This is
// many times as fast as requests to kube-apiserver.
package seed

import (
	"bytes"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"

	"capsule.dev/tenantview/hack/bench/world"
)

// registry is the default of kube-apiserver's flag --etcd-prefix.
const registry = "/registry/"

// storage encodes built-in kinds as kube-apiserver does by default: --storage-media-type is
// application/vnd.kubernetes.protobuf.
var storage = protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)

// Key returns the key of an object in etcd: /registry/RESOURCE/[NAMESPACE/]NAME, and for custom resources
// /registry/GROUP/RESOURCE/[NAMESPACE/]NAME. Nodes are called minions; see SpecialDefaultResourcePrefixes in
// k8s.io/kubernetes/pkg/kubeapiserver.
func Key(k world.Kind, object runtime.Object) (string, error) {
	m, err := meta.Accessor(object)
	if err != nil {
		return "", err
	}
	return Prefix(k, object) + name(m.GetNamespace(), m.GetName()), nil
}

// Prefix returns what the keys of all objects of a kind begin with. object is any of them.
func Prefix(k world.Kind, object runtime.Object) string {
	resource := k.Resource
	if resource == "nodes" {
		resource = "minions"
	}
	if _, custom := object.(*unstructured.Unstructured); custom {
		resource = k.Group + "/" + resource
	}
	return registry + resource + "/"
}

func name(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// Encode returns the value of an object in etcd: protobuf for built-in kinds, JSON for custom resources.
func Encode(k world.Kind, object runtime.Object) ([]byte, error) {
	if u, ok := object.(*unstructured.Unstructured); ok {
		return u.MarshalJSON()
	}
	object.GetObjectKind().SetGroupVersionKind(k.GroupVersionKind())
	var buffer bytes.Buffer
	if err := storage.Encode(object, &buffer); err != nil {
		return nil, fmt.Errorf("encoding %s: %w", k.Kind, err)
	}
	return buffer.Bytes(), nil
}

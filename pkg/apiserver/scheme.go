// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

var (
	// Scheme contains the kinds of the API group, and those that every API server responds with.
	Scheme = newScheme()
	// Codecs encodes and decodes the types of the Scheme.
	Codecs = serializer.NewCodecFactory(Scheme)
)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	utilruntime.Must(scheme.SetVersionPriority(v1alpha1.SchemeGroupVersion))
	addInternal(scheme)
	v1 := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(scheme, v1)
	scheme.AddUnversionedTypes(v1, &metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
	return scheme
}

// ParameterCodec decodes the parameters of requests.
var ParameterCodec = runtime.NewParameterCodec(Scheme)

// addInternal adds the kinds as their own internal version. The handlers of patches convert to it and
// back, which changes nothing then.
func addInternal(scheme *runtime.Scheme) {
	internal := schema.GroupVersion{Group: v1alpha1.GroupName, Version: runtime.APIVersionInternal}
	own := reflect.TypeFor[v1alpha1.TenantNode]().PkgPath()
	for kind, t := range scheme.KnownTypes(v1alpha1.SchemeGroupVersion) {
		if t.PkgPath() == own {
			scheme.AddKnownTypeWithName(internal.WithKind(kind), reflect.New(t).Interface().(runtime.Object))
		}
	}
}

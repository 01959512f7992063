// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the name of the API group that this package describes.
const GroupName = "tenantview.capsule.dev"

// SchemeGroupVersion is the group and version under which the kinds of this
// package are registered.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

var (
	// SchemeBuilder collects the functions that register this package's kinds.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers the kinds of this package, and the meta/v1 types
	// that every group version needs, with a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Resource qualifies a resource name, such as "tenantnodes", with the group.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion,
		&SelfTenantViewReview{},
		&TenantIngressClass{},
		&TenantIngressClassList{},
		&TenantNamespace{},
		&TenantNamespaceList{},
		&TenantNode{},
		&TenantNodeList{},
		&TenantPersistentVolume{},
		&TenantPersistentVolumeList{},
		&TenantPriorityClass{},
		&TenantPriorityClassList{},
		&TenantRuntimeClass{},
		&TenantRuntimeClassList{},
		&TenantStorageClass{},
		&TenantStorageClassList{},
		&TenantViewReview{},
	)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}

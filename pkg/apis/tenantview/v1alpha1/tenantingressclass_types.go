// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:nonNamespaced
// +genclient:onlyVerbs=get,list,watch
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantIngressClass is an IngressClass of the cluster that the requesting user
// may see, and so may name in the ingressClassName of an Ingress.
type TenantIngressClass struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the IngressClass, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the IngressClass's spec: the controller that serves Ingresses of
	// this class, and the parameters for it.
	// +optional
	Spec networkingv1.IngressClassSpec `json:"spec,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantIngressClassList is a list of the IngressClasses that the requesting user may see.
type TenantIngressClassList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the IngressClasses that the requesting user may see.
	Items []TenantIngressClass `json:"items"`
}

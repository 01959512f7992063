// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:nonNamespaced
// +genclient:onlyVerbs=get,list,watch
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantNamespace is a Namespace of the cluster that the requesting user may
// see. It reads like the Namespace itself: same name, labels, spec and status.
type TenantNamespace struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the Namespace, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the Namespace's spec: how the Namespace is meant to behave.
	// +optional
	Spec corev1.NamespaceSpec `json:"spec,omitempty"`

	// status is the Namespace's status: the phase of its life and, while it is
	// being deleted, what remains to be done.
	// +optional
	Status corev1.NamespaceStatus `json:"status,omitempty"`

	// tenant is the name of the Tenant that the Namespace belongs to, as the server has
	// decided it; labels and annotations can say otherwise. It is empty if the
	// Namespace belongs to none. The Namespace itself has no such field.
	// +optional
	Tenant string `json:"tenant,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantNamespaceList is a list of the Namespaces that the requesting user may see.
type TenantNamespaceList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the Namespaces that the requesting user may see.
	Items []TenantNamespace `json:"items"`
}

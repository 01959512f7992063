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

// TenantPersistentVolume is a PersistentVolume of the cluster that the
// requesting user may see, most often because a claim in one of his Namespaces
// is bound to it.
type TenantPersistentVolume struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the PersistentVolume, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the PersistentVolume's spec: its size, access modes, storage class
	// and source, and the claim that it is bound to.
	// +optional
	Spec corev1.PersistentVolumeSpec `json:"spec,omitempty"`

	// status is the PersistentVolume's status: the phase that it is in, and why.
	// +optional
	Status corev1.PersistentVolumeStatus `json:"status,omitempty"`

	// tenant is the name of the Tenant that the PersistentVolume belongs to, as the server has
	// decided it; labels and annotations can say otherwise. It is empty if the
	// PersistentVolume belongs to none. The PersistentVolume itself has no such field.
	// +optional
	Tenant string `json:"tenant,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantPersistentVolumeList is a list of the PersistentVolumes that the requesting user may see.
type TenantPersistentVolumeList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the PersistentVolumes that the requesting user may see.
	Items []TenantPersistentVolume `json:"items"`
}

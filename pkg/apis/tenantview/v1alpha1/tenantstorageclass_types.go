// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:nonNamespaced
// +genclient:onlyVerbs=get,list,watch
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantStorageClass is a StorageClass of the cluster that the requesting user
// may see, and so may name in the storageClassName of a PersistentVolumeClaim.
type TenantStorageClass struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the StorageClass, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// provisioner names the driver that creates volumes of this class.
	// +required
	Provisioner string `json:"provisioner"`

	// parameters are handed to the provisioner, which defines their meaning.
	// +optional
	Parameters map[string]string `json:"parameters,omitempty"`

	// reclaimPolicy says what becomes of a volume of this class when its claim is
	// deleted: Delete, the default, or Retain.
	// +optional
	ReclaimPolicy *corev1.PersistentVolumeReclaimPolicy `json:"reclaimPolicy,omitempty"`

	// mountOptions are the options with which volumes of this class are mounted,
	// such as ["ro", "soft"]. Nothing checks them; mounting fails when one is wrong.
	// +optional
	// +listType=atomic
	MountOptions []string `json:"mountOptions,omitempty"`

	// allowVolumeExpansion says whether claims of this class may be made larger.
	// +optional
	AllowVolumeExpansion *bool `json:"allowVolumeExpansion,omitempty"`

	// volumeBindingMode says when a claim is given its volume: Immediate, the
	// default, or WaitForFirstConsumer.
	// +optional
	VolumeBindingMode *storagev1.VolumeBindingMode `json:"volumeBindingMode,omitempty"`

	// allowedTopologies limits where volumes of this class are created. Empty means
	// anywhere that the provisioner supports.
	// +optional
	// +listType=atomic
	AllowedTopologies []corev1.TopologySelectorTerm `json:"allowedTopologies,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantStorageClassList is a list of the StorageClasses that the requesting user may see.
type TenantStorageClassList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the StorageClasses that the requesting user may see.
	Items []TenantStorageClass `json:"items"`
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:nonNamespaced
// +genclient:onlyVerbs=get,list,watch
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantRuntimeClass is a RuntimeClass of the cluster that the requesting user
// may see, and so may name in the runtimeClassName of a Pod.
type TenantRuntimeClass struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the RuntimeClass, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// handler names the configuration of the container runtime that runs the
	// containers of Pods of this class. It is a DNS label, such as "runc", and is
	// understood by the nodes' runtimes.
	// +required
	Handler string `json:"handler"`

	// overhead is what running a Pod of this class costs in addition to its
	// containers. The scheduler counts it as requested by the Pod.
	// +optional
	Overhead *nodev1.Overhead `json:"overhead,omitempty"`

	// scheduling restricts Pods of this class to nodes that support it. Without
	// it, every node is taken to do so.
	// +optional
	Scheduling *nodev1.Scheduling `json:"scheduling,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantRuntimeClassList is a list of the RuntimeClasses that the requesting user may see.
type TenantRuntimeClassList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the RuntimeClasses that the requesting user may see.
	Items []TenantRuntimeClass `json:"items"`
}

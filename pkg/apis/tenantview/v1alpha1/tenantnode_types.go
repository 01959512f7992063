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

// TenantNode is a Node of the cluster that the requesting user may see. It
// reads like the Node itself, without what names volumes of other tenants.
type TenantNode struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the Node, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the Node's spec: its taints, its addresses for Pods, and whether
	// Pods may be scheduled to it.
	// +optional
	Spec corev1.NodeSpec `json:"spec,omitempty"`

	// status is what the Node last reported: capacity, conditions, addresses and
	// system details. Unless the server is set up otherwise, images are left out: they
	// name what all tenants run on the Node. volumesInUse and volumesAttached are never present.
	// +optional
	Status corev1.NodeStatus `json:"status,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantNodeList is a list of the Nodes that the requesting user may see.
type TenantNodeList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the Nodes that the requesting user may see.
	Items []TenantNode `json:"items"`
}

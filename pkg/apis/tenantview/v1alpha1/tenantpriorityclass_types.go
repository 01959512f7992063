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

// TenantPriorityClass is a PriorityClass of the cluster that the requesting
// user may see, and so may name in the priorityClassName of a Pod.
type TenantPriorityClass struct {
	metav1.TypeMeta `json:""`

	// metadata is that of the PriorityClass, with a uid of its own. managedFields,
	// ownerReferences and finalizers are never present, nor is the annotation
	// kubectl.kubernetes.io/last-applied-configuration.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// value is the priority that a Pod gets by naming this class. Pods of a higher
	// value are scheduled first.
	// +optional
	Value int32 `json:"value"`

	// globalDefault says that Pods which name no class get the value of this one.
	// When several classes say so, the smallest value counts.
	// +optional
	GlobalDefault bool `json:"globalDefault,omitempty"`

	// description tells users, in free text, what this class is meant for.
	// +optional
	Description string `json:"description,omitempty"`

	// preemptionPolicy says whether a pending Pod of this class may evict Pods of
	// lower priority: PreemptLowerPriority, the default, or Never.
	// +optional
	PreemptionPolicy *corev1.PreemptionPolicy `json:"preemptionPolicy,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantPriorityClassList is a list of the PriorityClasses that the requesting user may see.
type TenantPriorityClassList struct {
	metav1.TypeMeta `json:""`

	// metadata of the list. Its resourceVersion is the point from which a watch
	// continues; it counts changes of what is visible as well as of the objects.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items holds the PriorityClasses that the requesting user may see.
	Items []TenantPriorityClass `json:"items"`
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package capsule

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Group is the API group of all Capsule kinds that this package decodes.
const Group = "capsule.clastix.io"

// TenantLabel is the label with which Capsule marks the objects of a Tenant.
const TenantLabel = Group + "/tenant"

// The resources that this package decodes.
var (
	Tenants              = schema.GroupVersionResource{Group: Group, Version: "v1beta2", Resource: "tenants"}
	ProxySettings        = schema.GroupVersionResource{Group: Group, Version: "v1beta1", Resource: "proxysettings"}
	GlobalProxySettings  = schema.GroupVersionResource{Group: Group, Version: "v1beta1", Resource: "globalproxysettings"}
	CapsuleConfiguration = schema.GroupVersionResource{Group: Group, Version: "v1beta2", Resource: "capsuleconfigurations"}
)

// Kinds of subjects.
const (
	UserKind           = "User"
	GroupKind          = "Group"
	ServiceAccountKind = "ServiceAccount"
)

// Operations of proxy settings and of cluster resource rules.
const (
	ListOperation   = "List"
	GetOperation    = "Get"
	UpdateOperation = "Update"
	DeleteOperation = "Delete"
)

// Meta is the relevant metadata.
type Meta struct {
	Name            string    `json:"name"`
	Namespace       string    `json:"namespace,omitempty"`
	UID             types.UID `json:"uid,omitempty"`
	ResourceVersion string    `json:"resourceVersion,omitempty"`

	CreationTimestamp metav1.Time `json:"creationTimestamp,omitempty"`
}

// Subject names users. A ServiceAccount is named system:serviceaccount:NAMESPACE:NAME.
type Subject struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Tenant is tenants.capsule.clastix.io.
type Tenant struct {
	Meta   `json:"metadata"`
	Spec   TenantSpec   `json:"spec"`
	Status TenantStatus `json:"status"`
}

// TenantSpec is written by administrators.
type TenantSpec struct {
	Owners          []Owner           `json:"owners,omitempty"`
	NodeSelector    map[string]string `json:"nodeSelector,omitempty"`
	StorageClasses  *ClassList        `json:"storageClasses,omitempty"`
	PriorityClasses *ClassList        `json:"priorityClasses,omitempty"`
	RuntimeClasses  *ClassList        `json:"runtimeClasses,omitempty"`
	IngressOptions  IngressOptions    `json:"ingressOptions,omitzero"`
}

// TenantStatus is written by Capsule. Owners exists since Capsule v0.12.
type TenantStatus struct {
	Owners []Subject `json:"owners,omitempty"`
}

// Owner is an owner of a Tenant, and the kinds that a proxy should show to the owner.
type Owner struct {
	Subject       `json:",inline"`
	ProxySettings []ProxyOperations `json:"proxySettings,omitempty"`
}

// IngressOptions holds the class list of IngressClasses.
type IngressOptions struct {
	AllowedClasses *ClassList `json:"allowedClasses,omitempty"`
}

// ClassList names the classes of one kind that a Tenant may use. An absent list and an
// empty one mean different things.
type ClassList struct {
	Default              string   `json:"default,omitempty"`
	Allowed              []string `json:"allowed,omitempty"`
	AllowedRegex         string   `json:"allowedRegex,omitempty"`
	metav1.LabelSelector `json:",inline"`
}

// ProxyOperations are operations on a kind, such as StorageClasses.
type ProxyOperations struct {
	Kind       string   `json:"kind"`
	Operations []string `json:"operations,omitempty"`
}

// ProxySetting is proxysettings.capsule.clastix.io, in a namespace of a Tenant.
type ProxySetting struct {
	Meta `json:"metadata"`
	Spec struct {
		Subjects []ProxySubject `json:"subjects,omitempty"`
	} `json:"spec"`
}

// ProxySubject is a subject and its grants.
type ProxySubject struct {
	Subject          `json:",inline"`
	ProxySettings    []ProxyOperations `json:"proxySettings,omitempty"`
	ClusterResources []ClusterResource `json:"clusterResources,omitempty"`
}

// GlobalProxySetting is globalproxysettings.capsule.clastix.io.
type GlobalProxySetting struct {
	Meta `json:"metadata"`
	Spec struct {
		Rules []GlobalRule `json:"rules,omitempty"`
	} `json:"spec"`
}

// GlobalRule grants the same resources to several subjects.
type GlobalRule struct {
	Subjects         []Subject         `json:"subjects,omitempty"`
	ClusterResources []ClusterResource `json:"clusterResources,omitempty"`
}

// ClusterResource is a rule that selects objects by their labels.
type ClusterResource struct {
	APIGroups  []string              `json:"apiGroups,omitempty"`
	Resources  []string              `json:"resources,omitempty"`
	Operations []string              `json:"operations,omitempty"`
	Selector   *metav1.LabelSelector `json:"selector,omitempty"`
}

// Configuration is capsuleconfigurations.capsule.clastix.io. Capsule reads the one named default. It
// defines which users are users of Capsule.
type Configuration struct {
	Meta `json:"metadata"`
	Spec struct {
		Users                []Subject `json:"users,omitempty"`
		UserNames            []string  `json:"userNames,omitempty"`
		UserGroups           []string  `json:"userGroups,omitempty"`
		IgnoreUserWithGroups []string  `json:"ignoreUserWithGroups,omitempty"`
	} `json:"spec"`
	Status struct {
		Users []Subject `json:"users,omitempty"`
	} `json:"status"`
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Operations that a review can ask about.
const (
	// OperationList is to list and watch, which includes to get by name.
	OperationList = "List"
	// OperationGet is to get by name.
	OperationGet = "Get"
	// OperationUpdate is to update and patch.
	OperationUpdate = "Update"
	// OperationDelete is to delete.
	OperationDelete = "Delete"
)

// Sources of grants, the values of TenantViewGrant.Source.
const (
	// SourceTenant: the user owns a Tenant.
	SourceTenant = "Tenant"
	// SourceProxySetting: a ProxySetting in a namespace of a Tenant names the user.
	SourceProxySetting = "ProxySetting"
	// SourceGlobalProxySettings: a GlobalProxySettings names the user.
	SourceGlobalProxySettings = "GlobalProxySettings"
	// SourceRoleBinding: a RoleBinding lets the user get the namespace that it is in.
	SourceRoleBinding = "RoleBinding"
	// SourceRBAC: RBAC lets the user list or get the upstream resource.
	SourceRBAC = "RBAC"
)

// +genclient
// +genclient:nonNamespaced
// +genclient:onlyVerbs=create
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SelfTenantViewReview says what the requesting user may do with an object of this API
// group, and which grants let him. Without a name, it says which grants the user has
// for a resource. It is created like a SelfSubjectAccessReview, and never stored. An
// object that the user does not see is answered like one that does not exist.
type SelfTenantViewReview struct {
	metav1.TypeMeta `json:""`

	// metadata may be empty, because a review is not stored.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the question.
	// +required
	Spec SelfTenantViewReviewSpec `json:"spec"`

	// status is the answer, which the server fills in.
	// +optional
	Status SelfTenantViewReviewStatus `json:"status,omitempty"`
}

// SelfTenantViewReviewSpec is the question of a review.
type SelfTenantViewReviewSpec struct {
	// resource is a resource of this API group, such as tenantstorageclasses. Its
	// singular and short names, and those of the upstream resource, such as
	// storageclasses, storageclass and sc, are accepted, too.
	// +required
	Resource string `json:"resource"`

	// name is the name of one object. Without it, the review is about all grants for the
	// resource.
	// +optional
	Name string `json:"name,omitempty"`

	// operation is List (the default), Get, Update or Delete.
	// +optional
	Operation string `json:"operation,omitempty"`
}

// SelfTenantViewReviewStatus is the answer to a review.
type SelfTenantViewReviewStatus struct {
	// allowed is true if the user may do the operation with the named object, or, without
	// a name, with any object of the resource.
	// +optional
	Allowed bool `json:"allowed"`

	// reasons explain the answer in words.
	// +optional
	// +listType=atomic
	Reasons []string `json:"reasons,omitempty"`

	// grants are those that show the named object to the user. Without a name, or if the
	// user does not see the object, they are all grants of the user for the resource. At
	// most 100 are listed.
	// +optional
	// +listType=atomic
	Grants []TenantViewGrant `json:"grants,omitempty"`
}

// TenantViewSubject names the user or group that holds a grant.
type TenantViewSubject struct {
	// kind is User, Group or ServiceAccount.
	// +required
	Kind string `json:"kind"`

	// name is the name of the user or group. A ServiceAccount has its full name,
	// system:serviceaccount:NAMESPACE:NAME.
	// +required
	Name string `json:"name"`
}

// TenantViewGrant is one reason why a user sees objects.
type TenantViewGrant struct {
	// source is the kind of object that grants: Tenant, ProxySetting, GlobalProxySettings
	// or RoleBinding; or RBAC.
	// +required
	Source string `json:"source"`

	// tenant is the Tenant that the grant belongs to, if any.
	// +optional
	Tenant string `json:"tenant,omitempty"`

	// namespace is that of the ProxySetting or RoleBinding.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// name is that of the ProxySetting, GlobalProxySettings or RoleBinding.
	// +optional
	Name string `json:"name,omitempty"`

	// path is the part of the object that grants, such as clusterResources[0].
	// +optional
	Path string `json:"path,omitempty"`

	// subject is the user or group that the object names.
	// +optional
	Subject *TenantViewSubject `json:"subject,omitempty"`

	// operations are what the grant allows: List, which includes Get; Get, Update, Delete.
	// +optional
	// +listType=atomic
	Operations []string `json:"operations,omitempty"`

	// selects says in words which objects the grant selects.
	// +optional
	Selects string `json:"selects,omitempty"`

	// objects is how many of the objects in the user's list this grant shows. It is absent
	// if the grant adds nothing to the list.
	// +optional
	Objects *int32 `json:"objects,omitempty"`
}

// +genclient
// +genclient:nonNamespaced
// +genclient:onlyVerbs=create
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// TenantViewReview says what any user may do with an object of this API group, and why
// or why not. It is for administrators: its answer may say that an object exists which
// the user does not see, and lists what almost grants it. It is never stored.
type TenantViewReview struct {
	metav1.TypeMeta `json:""`

	// metadata may be empty, because a review is not stored.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the question.
	// +required
	Spec TenantViewReviewSpec `json:"spec"`

	// status is the answer, which the server fills in.
	// +optional
	Status TenantViewReviewStatus `json:"status,omitempty"`
}

// TenantViewReviewSpec is the question of a review about any user.
type TenantViewReviewSpec struct {
	SelfTenantViewReviewSpec `json:",inline"`

	// user is the name of the user. A user name or a group is required.
	// +optional
	User string `json:"user,omitempty"`

	// groups are all groups of the user, including those that Kubernetes assigns, such as
	// system:authenticated.
	// +optional
	// +listType=set
	Groups []string `json:"groups,omitempty"`

	// extra are further attributes of the user, which RBAC ignores but other authorizers
	// may use.
	// +optional
	Extra map[string]TenantViewExtraValue `json:"extra,omitempty"`

	// uid is the uid of the user, which RBAC ignores but other authorizers may use.
	// +optional
	UID string `json:"uid,omitempty"`
}

// TenantViewExtraValue is the list of values of an attribute of a user.
type TenantViewExtraValue []string

// TenantViewReviewStatus is the answer to a review about any user.
type TenantViewReviewStatus struct {
	SelfTenantViewReviewStatus `json:",inline"`

	// exists is true if the named object exists, whether or not the user sees it.
	// +optional
	Exists *bool `json:"exists,omitempty"`

	// nearMisses are parts of objects that would grant the user something, but do not. At
	// most 100 are listed.
	// +optional
	// +listType=atomic
	NearMisses []TenantViewNearMiss `json:"nearMisses,omitempty"`
}

// TenantViewNearMiss is a part of an object that almost grants something.
type TenantViewNearMiss struct {
	// source is the kind of the object.
	// +required
	Source string `json:"source"`

	// namespace is that of the object, if it has one.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// name is that of the object.
	// +optional
	Name string `json:"name,omitempty"`

	// path is the part of the object.
	// +optional
	Path string `json:"path,omitempty"`

	// reason says in words why it grants nothing.
	// +required
	Reason string `json:"reason"`
}

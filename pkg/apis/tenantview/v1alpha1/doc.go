// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the kinds of the API group tenantview.capsule.dev:
// cluster-scoped objects as one user of a shared cluster may see them. It
// describes data only and knows nothing about who sees what.
//
// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=dev.capsule.tenantview.v1alpha1
// +groupName=tenantview.capsule.dev
package v1alpha1

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package impersonate changes objects of kube-apiserver as the user of a request. It impersonates the
// user and adds one group, to which RBAC gives the right to change them. It decides nothing: its
// callers know which user may change which object. MetadataReader is for what a change depends on and no
// user may see; it reads as the server itself.
package impersonate

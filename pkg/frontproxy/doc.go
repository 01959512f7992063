// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package frontproxy authenticates the requests that kube-apiserver's front proxy passes on. It knows nothing
// about other clients.
package frontproxy

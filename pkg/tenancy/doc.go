// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenancy applies the changes of a cluster to its views, one at a time. It remembers
// what decides the Tenant of each namespace and volume, and the grants that each Tenant, setting
// and role binding gives. So one step applies a change of an input and all its consequences.
package tenancy

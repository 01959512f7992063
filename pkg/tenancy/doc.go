// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenancy applies the changes of a cluster to its views, one at a time. It keeps
// what decides which Tenant a namespace or a volume belongs to, and which grants every
// Tenant, setting and role binding has given, so that a change of one input carries over
// to all that depends on it in the same step.
package tenancy

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package grants says who may see what: pure functions from Capsule's objects and RBAC to
// the grants of a view. It keeps no state and does no I/O, and it never fails: what a
// Tenant or a setting says that makes no sense grants nothing and is reported as a Problem.
package grants

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package grants decides what each subject may see. It consists of pure functions from Capsule's
// objects and RBAC to the grants of a view. It keeps no state, does no I/O and never fails:
// invalid parts of a Tenant or a setting grant nothing and are reported as a Problem.
package grants

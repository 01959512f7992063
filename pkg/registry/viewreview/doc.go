// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package viewreview serves the reviews that explain what a user sees. SelfTenantViewReview is for every
// user: its answer contains only what the user sees, and the grants that hold for him.
// TenantViewReview is for administrators: its answer may name everything. The package does not decide
// anything: the other kinds' RESTs say what a user sees, and package tenancy says why.
package viewreview

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package testcluster gives end-to-end tests a control plane. It starts one for a test binary (Main), writes
// objects (Cluster.Create), and gets and watches what a user sees (Get, Watch). It does not know what the
// user should see.
package testcluster

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package testcluster gives end-to-end tests a control plane: it starts one for a test binary (Main), writes
// objects into it (Cluster.Create), and asks for and follows what a user is shown (Get, Watch). It knows
// nothing of what he should see.
package testcluster

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clients tests that clients which are not ours can follow what a user may see: real programs of
// controller-runtime, of the JavaScript client and of the Python client run against a real control plane.
// What each observes is compared with what has happened.
package clients

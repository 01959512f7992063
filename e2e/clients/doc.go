// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clients tests that other clients can follow what a user may see. It runs real programs that use
// controller-runtime, the JavaScript client and the Python client with a real control plane, and compares the
// observations of each with what has happened.
package clients

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests tenantview-apiserver as its users see it: behind the aggregation layer of a real
// kube-apiserver, with real identities, and only with the permissions that the chart gives. It does not
// know how the server computes its responses. Package testcluster starts the control plane, writes objects
// and sends requests. The tests in watch and clients use it, too.
package e2e

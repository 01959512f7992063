// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests tenantview-apiserver as its users meet it: behind the aggregation layer of a real
// kube-apiserver, with real identities, and with no right but those of artifacts/rbac.yaml. It knows
// nothing of how the server computes its answers. What starts the control plane, writes objects and sends
// requests is in testcluster, which the tests of watch and of clients use, too.
package e2e

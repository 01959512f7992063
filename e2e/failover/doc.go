// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package failover tests what keeps the API group available behind the aggregation layer of a real
// kube-apiserver: several servers, of which any may end, and serving certificates, which are replaced. It
// has a control plane of its own, so that it can be run alone.
package failover

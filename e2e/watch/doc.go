// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watch tests watches as clients meet them: behind the aggregation layer of a real kube-apiserver,
// by plain HTTP, kubectl and client-go. It has a control plane of its own, so that it can be run and timed
// alone.
package watch

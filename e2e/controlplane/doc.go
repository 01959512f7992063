// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs a real Kubernetes control plane on loopback: etcd, kube-apiserver,
// kube-controller-manager and, behind the aggregation layer, tenantview-apiserver. It is what "make up"
// starts in the background, and what end-to-end tests start as children of the test process.
//
// There are no kubelets: Nodes, PersistentVolumes and everything else are plain objects, and only the
// controllers that the tests rely on run. The package knows nothing about tenants or filtering.
package controlplane

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package node plays what a cluster has and the control plane of package controlplane lacks: a scheduler, a
// kubelet, the endpoint slice controller and kube-proxy. It runs each Pod of the API as a process on loopback, with exactly the Pod's
// command, arguments, environment and files, as the Pod's ServiceAccount.
//
// A process sees three differences from a container: paths of mounted files lead to a temporary folder;
// --kubeconfig replaces what a Pod knows of its cluster; and a server listens on a loopback address that
// stands for the Pod's IP. Nothing isolates it, so what a security context or a NetworkPolicy says has no
// effect. Everything else is for real controllers: Deployments and ReplicaSets.
//
// The package knows nothing about tenantview, but that a server has the flag --bind-address.
package node

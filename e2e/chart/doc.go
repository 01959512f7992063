// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package chart tests charts/tenantview as an administrator uses it: the real helm installs, upgrades, repairs
// and removes it on a real control plane, whose controllers roll it out, and package node runs its Pods.
package chart

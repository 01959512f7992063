// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package source keeps the inputs up to date: it lists and watches them, drops what nobody
// reads, and hands them on in the order in which kube-apiserver delivers them. A resource
// that may be absent can come and go while the server runs.
package source

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package source keeps the inputs up to date. It lists and watches them, drops the fields that
// nothing reads, and passes the objects on in the order in which kube-apiserver delivers them. An
// optional resource can come and go while the server runs.
package source

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package view keeps objects in memory and answers who may see which of them.
//
// A View holds the objects of one resource, and for every subject the grants that it
// has. A grant names a Criterion; for every criterion that some grant uses the view
// keeps a posting, the set of objects that meet it. A list is therefore a map look-up
// for each subject of the user and the size of the answer; it never scans the cluster.
//
// The package knows no Kubernetes kind and nothing of Capsule: what an object is, which
// partition it belongs to and who holds which grant is decided by its callers.
package view

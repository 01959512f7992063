// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package feed hands plain objects to a tenancy.Cluster, as the sources of a server hand on
// what kube-apiserver delivers, so that tests can drive the engine without an API server.
package feed

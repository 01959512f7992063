// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package feed passes plain objects to a tenancy.Cluster, like the sources of a server. So tests can
// drive the engine without an API server.
package feed

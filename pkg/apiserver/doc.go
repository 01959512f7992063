// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiserver puts the server together. It serves the API group from the views of a cluster,
// runs the sources that fill the views, and adds probes and metrics.
package apiserver

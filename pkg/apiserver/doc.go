// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiserver puts the server together: it installs the API group over the views of
// a cluster, reads the sources that fill them, and adds the probes and metrics.
package apiserver

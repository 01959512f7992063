// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package registry serves views as API resources. One REST serves all kinds from memory. Each
// kind has its own package below this one, which defines how an upstream object is converted,
// which criteria a Tenant's spec gives for the kind, and which columns kubectl prints.
package registry

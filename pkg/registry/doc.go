// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package registry serves views as API resources: one REST for all kinds, read from
// memory. A kind adds what only it knows, in a package of its own below this one: how an
// upstream object is converted, which criteria a Tenant's spec means for it, and the
// columns that kubectl prints.
package registry

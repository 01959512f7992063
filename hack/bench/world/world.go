// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package world generates clusters: the same parameters give the same objects. It knows how large they are
// and what is in them, not how they are stored or measured.
package world

import "fmt"

// Sizes are the numbers of namespaces by the name of a size.
var Sizes = map[string]int{"small": 5_000, "medium": 50_000, "large": 200_000}

// Tenants that have more than the usual number of namespaces.
const (
	hundred  = 100
	thousand = 1_000
)

// Numbers of objects that do not depend on the number of namespaces.
const (
	storageClasses = 50
	otherClasses   = 20
	globalSettings = 5
	maxNodes       = 1_000
)

// Params say which cluster to generate.
type Params struct {
	// Namespaces is the number of namespaces of Tenants. It is a multiple of 100, and at least 2,000.
	Namespaces int
	// RoleBindings is the number of RoleBindings of each namespace, from 0 to synthetic.MaxRoleBindings.
	RoleBindings int
	Seed         uint64
}

// New returns the cluster for the parameters, or an error that says what is wrong with them.
func New(p Params) (*World, error) {
	if p.Namespaces < 2_000 || p.Namespaces%100 != 0 {
		return nil, fmt.Errorf("%d namespaces: must be a multiple of 100, and at least 2,000", p.Namespaces)
	}
	if p.RoleBindings < 0 || p.RoleBindings > maxRoleBindings {
		return nil, fmt.Errorf("%d RoleBindings for each namespace: must be from 0 to %d", p.RoleBindings, maxRoleBindings)
	}
	return &World{Params: p}, nil
}

// World is a generated cluster. Its Tenants have 10 namespaces each, except the last two: they have 100 and
// 1,000. Its methods may be called concurrently.
type World struct{ Params }

// small returns the number of Tenants with 10 namespaces.
func (w *World) small() int { return (w.Namespaces - hundred - thousand) / 10 }

// Tenants returns the number of Tenants.
func (w *World) Tenants() int { return w.small() + 2 }

// TenantOf10 returns the Tenant of which lists of 10 namespaces are measured.
func (w *World) TenantOf10() int { return w.small() - 1 }

// TenantOf100 returns the Tenant with 100 namespaces.
func (w *World) TenantOf100() int { return w.small() }

// TenantOf1000 returns the Tenant with 1,000 namespaces.
func (w *World) TenantOf1000() int { return w.small() + 1 }

// TenantOf returns the Tenant of a namespace.
func (w *World) TenantOf(namespace int) int {
	switch rest := namespace - 10*w.small(); {
	case rest < 0:
		return namespace / 10
	case rest < hundred:
		return w.TenantOf100()
	default:
		return w.TenantOf1000()
	}
}

// NamespacesOf returns the first namespace of a Tenant and how many it has.
func (w *World) NamespacesOf(tenant int) (first, count int) {
	switch tenant {
	case w.TenantOf100():
		return 10 * w.small(), hundred
	case w.TenantOf1000():
		return 10*w.small() + hundred, thousand
	}
	return 10 * tenant, 10
}

// nodes returns the number of nodes.
func (w *World) nodes() int { return min(w.Namespaces/100, maxNodes) }

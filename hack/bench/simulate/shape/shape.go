// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shape generates clusters in which the number of each kind of object can be chosen, so that the cost of each
// can be told apart. The same shape gives the same objects.
package shape

import (
	"errors"
	"fmt"

	"capsule.dev/tenantview/internal/synthetic"
)

// Shape says how many objects of each kind a cluster has.
type Shape struct {
	Namespaces int `json:"namespaces"`
	// Tenants share the namespaces evenly. A user and a group own each of them.
	Tenants int `json:"tenants"`
	// Owners is the number of further users who own a Tenant, each a different one.
	Owners int `json:"owners"`
	// RoleBindings are spread evenly over the namespaces.
	RoleBindings int `json:"roleBindings"`
	// ProxySettings each name one user whom nothing else names.
	ProxySettings int `json:"proxySettings"`
	Nodes         int `json:"nodes"`
	// Volumes are bound to claims in the namespaces.
	Volumes int `json:"volumes"`
}

// Numbers of objects that are the same in all shapes.
const (
	storageClasses = 50
	otherClasses   = 20
	globalSettings = 5
)

// Usual returns the shape of a usual cluster: Tenants of 10 namespaces, a volume for every tenth namespace, a node
// and a ProxySetting for every hundredth, and at most 5,000 nodes, which is what Kubernetes supports.
func Usual(namespaces, bindingsOfNamespace int) Shape {
	return Shape{
		Namespaces: namespaces, Tenants: namespaces / synthetic.NamespacesOfTenant, RoleBindings: namespaces * bindingsOfNamespace,
		ProxySettings: namespaces / 100, Nodes: min(namespaces/100, 5_000), Volumes: namespaces / 10,
	}
}

// Validate returns what is wrong with a shape.
func (s Shape) Validate() error {
	var errs []error
	for name, n := range map[string]int{
		"namespaces": s.Namespaces, "tenants": s.Tenants, "owners": s.Owners, "roleBindings": s.RoleBindings,
		"proxySettings": s.ProxySettings, "nodes": s.Nodes, "volumes": s.Volumes,
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s: %d must not be negative", name, n))
		}
	}
	if s.Namespaces == 0 && s.RoleBindings+s.ProxySettings+s.Volumes > 0 {
		errs = append(errs, errors.New("roleBindings, proxySettings and volumes need namespaces"))
	}
	if s.Tenants == 0 && s.Namespaces+s.Owners > 0 {
		errs = append(errs, errors.New("namespaces and owners need tenants"))
	}
	if limit := s.Namespaces * synthetic.MaxRoleBindings; s.RoleBindings > limit {
		errs = append(errs, fmt.Errorf("roleBindings: %d is more than the %d that so many namespaces can have", s.RoleBindings, limit))
	}
	return errors.Join(errs...)
}

// TenantOf returns the Tenant of a namespace.
func (s Shape) TenantOf(namespace int) int { return namespace * s.Tenants / s.Namespaces }

// namespacesOf returns the first namespace of a Tenant, and the first that follows its last.
func (s Shape) namespacesOf(tenant int) (first, end int) {
	ceil := func(t int) int { return (t*s.Namespaces + s.Tenants - 1) / s.Tenants }
	return ceil(tenant), ceil(tenant + 1)
}

// NamespacesOf returns the number of namespaces of a Tenant.
func (s Shape) NamespacesOf(tenant int) int {
	first, end := s.namespacesOf(tenant)
	return end - first
}

// ownersOf returns the first further owner of a Tenant, and the first that follows its last.
func (s Shape) ownersOf(tenant int) (first, end int) {
	return tenant * s.Owners / s.Tenants, (tenant + 1) * s.Owners / s.Tenants
}

// namespaceOf spreads objects over the namespaces: those that follow each other are of different Tenants.
func (s Shape) namespaceOf(i int) int { return int(uint64(i) * 2_654_435_761 % uint64(s.Namespaces)) }

func (s Shape) namespaceName(i int) string { return synthetic.NamespaceName(i, s.TenantOf(i)) }

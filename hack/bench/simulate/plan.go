// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
)

// measurement is what is measured in one process.
type measurement struct {
	engine.Config
	// fitted is false for the measurements that check the model.
	fitted bool
}

// How much is measured where more than memory is.
const (
	changes = 20_000
	lists   = 20_000
	watches = 20_000
)

// plan returns the measurements that the model is fitted to, and those that check it. The fitted ones differ from a
// usual cluster in one number each, so that the cost of each can be told apart. None of them has more than 200,000
// namespaces.
func plan(divide int) (fitted, checks []measurement) {
	add := func(to *[]measurement, s shape.Shape, rest engine.Config) {
		for _, n := range []*int{&s.Namespaces, &s.Tenants, &s.Owners, &s.RoleBindings, &s.ProxySettings, &s.Nodes, &s.Volumes} {
			*n /= divide
		}
		rest.Shape = s
		rest.Changes, rest.Lists, rest.Watches = rest.Changes/divide, rest.Lists/divide, rest.Watches/divide
		*to = append(*to, measurement{rest, to == &fitted})
	}
	everything := engine.Config{Changes: changes, Lists: lists, Watches: watches}
	// Maps double in size when they are full. These numbers find some of them nearly full and others just doubled.
	add(&fitted, shape.Usual(5_000, 2), everything)
	for i, n := range []int{20_000, 30_000, 40_000, 60_000, 80_000, 120_000, 160_000} {
		add(&fitted, shape.Usual(n, []int{0, 2, 4}[i%3]), engine.Config{})
	}
	add(&fitted, shape.Usual(200_000, 0), engine.Config{})
	add(&fitted, shape.Usual(200_000, 2), everything)
	for _, differ := range []func(*shape.Shape){
		func(s *shape.Shape) { s.Tenants = 50_000 },
		func(s *shape.Shape) { s.Tenants = 500 },
		func(s *shape.Shape) { s.Owners = 100_000 },
		func(s *shape.Shape) { s.RoleBindings = 50_000 },
		func(s *shape.Shape) { s.RoleBindings = 250_000 },
		func(s *shape.Shape) { s.RoleBindings = 450_000 },
		func(s *shape.Shape) { s.ProxySettings = 20_000 },
		func(s *shape.Shape) { s.Nodes = 15_000 },
		func(s *shape.Shape) { s.Volumes = 100_000 },
	} {
		s := shape.Usual(50_000, 0)
		differ(&s)
		add(&fitted, s, engine.Config{})
	}
	add(&checks, shape.Usual(140_000, 3), engine.Config{})
	add(&checks, shape.Usual(400_000, 2), engine.Config{})
	add(&checks, shape.Usual(1_000_000, 0), engine.Config{})
	add(&checks, shape.Usual(1_000_000, 2), everything)
	return fitted, checks
}

// serverPlan returns the measurements of a whole server.
func serverPlan(divide int) []engine.Config {
	var all []engine.Config
	for _, n := range []int{5_000, 200_000} {
		all = append(all, engine.Config{Shape: shape.Usual(n/divide, 2), Lists: lists / divide, Watches: watches / 2 / divide})
	}
	return all
}

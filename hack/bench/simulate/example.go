// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"

	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
)

// The example of the document: a cluster, and what its users do each second.
var (
	exampleShape = shape.Usual(50_000, 2)
	exampleRates = []struct {
		name, resource string
		perSecond      float64
	}{
		{"heartbeats and other changes of nodes", "nodes", 100},
		{"changes of namespaces", "namespaces", 20},
		{"changes of RoleBindings", "rolebindings", 20},
		{"changes of Tenants", "tenants", 5},
	}
)

const (
	exampleWatches = 5_000
	exampleLists   = 100.0
)

// exampleTable works the example out. The costs of operations are those of the largest cluster that was measured with
// all of them; memory is that of the model.
func exampleTable(m model, r *results) string {
	t := newTable("Memory", "Each", "Number", "Together")
	objects := 0.0
	for i, term := range terms {
		n := term.count(exampleShape)
		if n == 0 || i == 0 {
			continue
		}
		each := m[heapQuantity][i]
		objects += each * float64(n)
		t.row(term.name, bytesOf(each), count(n), mebibytes(each*float64(n)))
	}
	if len(r.Servers) == 0 {
		return t.String()
	}
	s := &r.Servers[len(r.Servers)-1]
	each := func(of func(*engine.Memory) uint64) float64 {
		return math.Max(0, float64(of(&s.WatchMemory))-float64(of(&s.BeforeWatches))) / float64(s.Watches)
	}
	heap, stack := each(parts[0].of), each(parts[1].of)
	t.row("A watch: heap", bytesOf(heap), count(exampleWatches), mebibytes(heap*exampleWatches))
	t.row("A watch: stack", bytesOf(stack), count(exampleWatches), mebibytes(stack*exampleWatches))
	live := objects + m[heapQuantity][0] + heap*exampleWatches
	needed := limit(live) + roundUp(stack*exampleWatches, 64*mebibyte)
	return t.String() + fmt.Sprintf("\nThe live heap is %s. So `limits.memory` is twice that, and 256 MiB, and the stacks: %s.\n\n", mebibytes(live), quantityOf(needed)) +
		exampleCPU(r, s)
}

func exampleCPU(r *results, s *serverEntry) string {
	t := newTable("CPU", "Each", "Per second", "Together")
	runs := with(r, func(e *entry) bool { return len(e.Measured.Changes) > 0 && e.Fitted })
	total := 0.0
	add := func(name string, micro, perSecond float64) {
		cores := micro * perSecond / 1e6
		total += cores
		t.row(name, micros(micro/1e6), round(perSecond), millicores(cores))
	}
	for _, rate := range exampleRates {
		add(rate.name, find(runs[len(runs)-1].Measured.Changes, rate.resource).CPUMicros, rate.perSecond)
	}
	add("lists of 10 namespaces", s.List.CPUMicros, exampleLists)
	return t.String() + fmt.Sprintf("\nTogether that is %s.\n", millicores(total))
}

// millicores returns a number of cores as Kubernetes writes it.
func millicores(cores float64) string { return fmt.Sprintf("%.0fm", math.Ceil(1000*cores)) }

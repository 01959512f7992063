// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"capsule.dev/tenantview/hack/bench/result"
)

// Names in the results that the summary and the plots use.
const (
	namespacesResource = "namespaces"

	floorCase    = "empty list"
	listCase     = "list of 10, owner by user"
	selectorCase = "list of 10 by label selector, admin"
)

// endedRatio has a target of 0. For all other ratios, a target of 0 means that there is none.
const endedRatio = "watches that tenantview ended"

// hasTarget returns whether something is asked of a ratio.
func hasTarget(r result.Ratio) bool {
	return r.Target != 0 || r.Name == endedRatio
}

// Names of servers in the results.
const (
	tenantView    = "tenantview"
	kubeAPIServer = "kube-apiserver"
)

// namespaces returns how many namespaces a result was measured with.
func namespaces(r *result.Result) int {
	for _, o := range r.Objects {
		if o.Resource == namespacesResource {
			return o.Count
		}
	}
	return 0
}

func isServer(name string) bool { return name == tenantView || name == kubeAPIServer }

// find returns a case in JSON. An error names the cases that there are.
func find(r *result.Result, server, name string, clients int) (*result.Request, error) {
	var there []string
	for i := range r.Lists {
		l := &r.Lists[i]
		if l.Server != server || l.Format != "JSON" || l.Clients != clients {
			continue
		}
		if l.Name == name {
			return l, nil
		}
		there = append(there, fmt.Sprintf("%q", l.Name))
	}
	return nil, fmt.Errorf("%s.json: lists: no %q of %s in JSON with %d clients; there are: %s",
		r.Size, name, server, clients, strings.Join(there, ", "))
}

// clients returns the numbers of clients that a case was measured with, in rising order.
func clients(r *result.Result, server, name string) []int {
	var numbers []int
	for i := range r.Lists {
		if l := &r.Lists[i]; l.Server == server && l.Name == name && l.Format == "JSON" {
			numbers = append(numbers, l.Clients)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// describe names what an event latency was measured with.
func describe(l *result.Latency) string {
	return fmt.Sprintf("%s, %s watches, %s writes/s", l.Name, count(l.Watches), rate(l.WritesPerSecond))
}

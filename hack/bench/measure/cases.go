// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"

	"capsule.dev/tenantview/hack/bench/world"
)

// Servers and formats of a case.
const (
	ours  = "tenantview"
	plain = "kube-apiserver"

	jsonFormat  = "JSON"
	tableFormat = "Table"
)

// accept has the Accept headers of client-go and of kubectl get.
var accept = map[string]string{
	jsonFormat: "application/json",
	tableFormat: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io," +
		"application/json",
}

// Paths of the resources.
const (
	ourPath        = "/apis/tenantview.capsule.dev/v1alpha1/"
	ourNamespaces  = ourPath + "tenantnamespaces"
	namespacesPath = "/api/v1/namespaces"
)

// Names of the cases that ratios and other measurements refer to.
const (
	floorCase     = "empty list"
	listOf10Case  = "list of 10, owner by user"
	changedCase   = "list of 10, all changed since the last, owner by user"
	groups3Case   = "list of 10, owner by one of 3 groups"
	groups300Case = "list of 10, owner by one of 300 groups"
	selectorCase  = "list of 10 by label selector, admin"
	allCase       = "list of all, admin"
)

// systemNamespaces are those that kube-apiserver and the chart create.
const systemNamespaces = 5

// request is a case: what one user requests.
type request struct {
	name, server, format string
	user                 user
	path                 string
	items                int
	// every is the number of rounds for each of which it is requested once.
	every int
	// clients are the numbers of clients that request it at the same time, in addition to one.
	clients []int
	// cpu is the number of requests of one block of the measurement of processor time, or 0.
	cpu int
}

// key identifies a case.
func (r *request) key() string { return fmt.Sprintf("%s, %s, %s", r.name, r.server, r.format) }

const (
	usualBlock = 300
	smallBlock = 15
)

// requests returns the cases for a world.
func requests(w *world.World) []request {
	ten, hundred, thousand := w.TenantOf10(), w.TenantOf100(), w.TenantOf1000()
	owner := user{name: w.Owner(ten)}
	all := w.Namespaces + systemNamespaces
	ofAll, ofSelector := w.Namespaces/1_500+2, w.Namespaces/20_000+1
	get := "/" + w.NamespaceName(first(w, ten))
	selector := namespacesPath + "?labelSelector=capsule.clastix.io%2Ftenant%3D" + w.TenantName(ten)
	loads := []int{8, 32}
	return []request{
		{floorCase, ours, jsonFormat, nobody, ourNamespaces, 0, 1, loads, usualBlock},
		{listOf10Case, ours, jsonFormat, owner, ourNamespaces, 10, 1, loads, usualBlock},
		{changedCase, ours, jsonFormat, user{name: w.Owner(ten - 1)}, ourNamespaces, 10, 3, nil, 0},
		{"list of 100, owner by user", ours, jsonFormat, user{name: w.Owner(hundred)}, ourNamespaces, 100, 1, nil, usualBlock},
		{"list of 1,000, owner by user", ours, jsonFormat, user{name: w.Owner(thousand)}, ourNamespaces, 1_000, 3, nil, usualBlock / 3},
		{"first 5 of 100, owner by user", ours, jsonFormat, user{name: w.Owner(hundred)}, ourNamespaces + "?limit=5", 5, 1, nil, 0},
		{groups3Case, ours, jsonFormat, inGroups(w, 3), ourNamespaces, 10, 1, nil, usualBlock},
		{groups300Case, ours, jsonFormat, inGroups(w, 300), ourNamespaces, 10, 1, nil, usualBlock},
		{"empty list, in 300 groups", ours, jsonFormat, user{nobody.name, otherGroups(300)}, ourNamespaces, 0, 1, nil, usualBlock},
		{"list of 10, owner by ServiceAccount", ours, jsonFormat, robot, ourNamespaces, 10, 1, nil, usualBlock},
		{"nodes of an owner", ours, jsonFormat, owner, ourPath + "tenantnodes", w.NodesOf(ten), 1, nil, 0},
		{"storage classes of an owner", ours, jsonFormat, owner, ourPath + "tenantstorageclasses", world.ClassesOfTenant, 1, nil, 0},
		{"get of one, owner by user", ours, jsonFormat, owner, ourNamespaces + get, 1, 1, nil, usualBlock},
		{floorCase, ours, tableFormat, nobody, ourNamespaces, 0, 1, nil, 0},
		{listOf10Case, ours, tableFormat, owner, ourNamespaces, 10, 1, nil, usualBlock},
		{"list of 1,000, owner by user", ours, tableFormat, user{name: w.Owner(thousand)}, ourNamespaces, 1_000, 3, nil, 0},
		{allCase, ours, jsonFormat, admin, ourNamespaces, all, ofAll, nil, 0},
		{allCase, ours, tableFormat, admin, ourNamespaces, all, ofAll, nil, 0},

		{"get of one, admin", plain, jsonFormat, admin, namespacesPath + get, 1, 1, nil, usualBlock},
		{selectorCase, plain, jsonFormat, admin, selector, 10, ofSelector, loads, smallBlock},
		{"list of 10 by label selector, limit=500, admin", plain, jsonFormat, admin, selector + "&limit=500", 10, ofSelector, nil, 0},
		{selectorCase, plain, tableFormat, admin, selector, 10, ofSelector, nil, 0},
		{allCase, plain, jsonFormat, admin, namespacesPath, all, ofAll, nil, 0},
		{allCase, plain, tableFormat, admin, namespacesPath, all, ofAll, nil, 0},
	}
}

func first(w *world.World, tenant int) int {
	namespace, _ := w.NamespacesOf(tenant)
	return namespace
}

// inGroups returns a user in n groups, one of which owns world.TenantOf10.
func inGroups(w *world.World, n int) user {
	return user{fmt.Sprintf("member-of-%d", n), append(otherGroups(n-1), w.Team(w.TenantOf10()))}
}

// otherGroups returns groups that own nothing.
func otherGroups(n int) []string {
	groups := make([]string, n)
	for i := range groups {
		groups[i] = fmt.Sprintf("department-%03d", i)
	}
	return groups
}

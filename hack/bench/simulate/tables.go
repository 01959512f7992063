// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strings"

	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
)

// tableNames are the names of the tables, in the order of the document.
var tableNames = []string{"run", "sizing", "limited", "model", "check", "changes", "lists", "watches", "server", "start", "example"}

// tables returns all tables by their names.
func tables(r *results) (map[string]string, error) {
	m, err := newModel(r)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"run": runTable(r), "sizing": sizingTable(m), "limited": limitedTable(r), "model": modelTable(m, r), "check": checkTable(m, r),
		"changes": changesTable(r), "lists": listsTable(r), "watches": watchesTable(r), "server": serverTable(r), "start": startTable(r), "example": exampleTable(m, r),
	}, nil
}

func runTable(r *results) string {
	return fmt.Sprintf("Measured on %s at commit `%s`: %s, %d cores, %s of memory, Linux %s, %s.\n",
		r.Date, r.Commit, r.Machine.CPU, r.Machine.Cores, mebibytes(float64(r.Machine.MemoryBytes)), r.Machine.Kernel, r.Machine.GoVersion)
}

// modelTable shows what one object costs.
func modelTable(m model, r *results) string {
	header := []string{"One more costs"}
	for _, q := range quantities {
		header = append(header, q.name)
	}
	t := newTable(append(header, "Sent by kube-apiserver")...)
	for i, term := range terms {
		row := []string{term.name}
		for q := range quantities {
			cell := "–"
			if m[q][i] > 0 {
				cell = quantities[q].showOne(m[q][i])
			}
			row = append(row, cell)
		}
		t.row(append(row, sentOf(r, term.resource))...)
	}
	row := []string{"Largest error of these measurements"}
	for q := range quantities {
		row = append(row, strings.TrimPrefix(percent(m.largest(q, r)), "+"))
	}
	t.row(append(row, "")...)
	return t.String()
}

// sentOf returns the size of an object of a resource in the list of the largest run that has any.
func sentOf(r *results, resource string) string {
	size := "–"
	for i := range r.Runs {
		if s := r.Runs[i].Sent[resource]; s.Objects > 0 {
			size = bytesOf(float64(s.Bytes) / float64(s.Objects))
		}
	}
	return size
}

// describe names a cluster by its numbers of namespaces and RoleBindings.
func describe(s shape.Shape) string {
	return fmt.Sprintf("%s namespaces, %s RoleBindings", count(s.Namespaces), count(s.RoleBindings))
}

// checkTable compares predictions with measurements that the model was not fitted to.
func checkTable(m model, r *results) string {
	header := []string{"Measured (error of the prediction)"}
	for _, q := range quantities {
		header = append(header, q.name)
	}
	t := newTable(header...)
	for i := range r.Runs {
		e := &r.Runs[i]
		if e.Fitted || e.MemoryLimit > 0 {
			continue
		}
		row := []string{describe(e.Shape)}
		for q := range quantities {
			row = append(row, fmt.Sprintf("%s (%s)", quantities[q].show(quantities[q].of(e)), percent(m.deviation(q, e))))
		}
		t.row(row...)
	}
	return t.String()
}

// names of the changes by resource.
var changeNames = map[string]string{
	"namespaces": "A label of a namespace", "nodes": "A node's heartbeat", "tenants": "An owner of a Tenant", "rolebindings": "A subject of a RoleBinding",
}

// changesTable shows the processor time of changes by the number of namespaces.
func changesTable(r *results) string {
	runs := with(r, func(e *entry) bool { return len(e.Measured.Changes) > 0 })
	t := newTable(append(atNamespaces("CPU of a change (others wait for)", runs), "Sent by kube-apiserver")...)
	for _, resource := range []string{"namespaces", "nodes", "tenants", "rolebindings"} {
		row := []string{changeNames[resource]}
		size := 0.0
		for _, e := range runs {
			c := find(e.Measured.Changes, resource)
			row = append(row, fmt.Sprintf("%s (%s)", micros(c.CPUMicros/1e6), micros(c.AppliedMicros/1e6)))
			if s := e.Sent[resource]; s.Changes > 0 {
				size = float64(s.ChangeBytes) / float64(s.Changes)
			}
		}
		t.row(append(row, bytesOf(size))...)
	}
	return t.String()
}

// listsTable shows the processor time of lists by the number of namespaces.
func listsTable(r *results) string {
	runs := with(r, func(e *entry) bool { return len(e.Measured.Lists) > 0 })
	t := newTable(atNamespaces("CPU of a list of 10 namespaces (without garbage collection)", runs)...)
	if len(runs) == 0 {
		return t.String()
	}
	for _, c := range runs[0].Measured.Lists {
		row := []string{"To a " + c.Name}
		for _, e := range runs {
			cost := find(e.Measured.Lists, c.Name)
			row = append(row, fmt.Sprintf("%s (%s)", micros(cost.CPUMicros/1e6), micros((cost.CPUMicros-cost.GCMicros)/1e6)))
		}
		t.row(row...)
	}
	return t.String()
}

func find(costs []engine.Cost, name string) engine.Cost {
	for _, c := range costs {
		if c.Name == name {
			return c
		}
	}
	return engine.Cost{}
}

func with(r *results, has func(*entry) bool) []*entry {
	var some []*entry
	for i := range r.Runs {
		if has(&r.Runs[i]) {
			some = append(some, &r.Runs[i])
		}
	}
	return some
}

func atNamespaces(first string, runs []*entry) []string {
	header := []string{first}
	for _, e := range runs {
		header = append(header, count(e.Shape.Namespaces)+" namespaces")
	}
	return header
}

// watchesTable shows the memory of idle watches.
func watchesTable(r *results) string {
	runs := with(r, func(e *entry) bool { return e.Measured.BeforeWatches != nil && e.Measured.WatchMemory != nil })
	t := newTable(atNamespaces("An idle watch without a connection", runs)...)
	for _, part := range parts {
		row := []string{part.name}
		for _, e := range runs {
			row = append(row, perWatch(part.of, e.Measured.BeforeWatches, e.Measured.WatchMemory, e.Watches))
		}
		t.row(row...)
	}
	return t.String()
}

// parts are the parts of a process's memory.
var parts = []struct {
	name string
	of   func(*engine.Memory) uint64
}{
	{"Live heap", func(m *engine.Memory) uint64 { return m.HeapBytes }},
	{"Stack", func(m *engine.Memory) uint64 { return m.StackBytes }},
	{"Resident", func(m *engine.Memory) uint64 { return m.ResidentBytes }},
}

func perWatch(of func(*engine.Memory) uint64, before, after *engine.Memory, watches int) string {
	return bytesOf(math.Max(0, float64(of(after))-float64(of(before))) / float64(watches))
}

// serverTable shows what a whole server has more than the engine.
func serverTable(r *results) string {
	header := []string{"A whole server"}
	for i := range r.Servers {
		header = append(header, describe(r.Servers[i].Shape))
	}
	t := newTable(header...)
	add := func(name string, cell func(*serverEntry) string) {
		row := []string{name}
		for i := range r.Servers {
			row = append(row, cell(&r.Servers[i]))
		}
		t.row(row...)
	}
	add("Resident", func(s *serverEntry) string { return mebibytes(float64(s.Memory.ResidentBytes)) })
	add("Resident, compared with the engine alone", func(s *serverEntry) string {
		for i := range r.Runs {
			if e := &r.Runs[i]; e.Shape == s.Shape {
				return "+" + mebibytes(math.Max(0, float64(s.Memory.ResidentBytes)-float64(e.Measured.Memory.ResidentBytes)))
			}
		}
		return "–"
	})
	add("CPU of a list of 10 over HTTPS", func(s *serverEntry) string { return micros(s.List.CPUMicros / 1e6) })
	for _, part := range parts {
		add("An idle watch of a client: "+strings.ToLower(part.name), func(s *serverEntry) string {
			return perWatch(part.of, &s.BeforeWatches, &s.WatchMemory, s.Watches)
		})
	}
	return t.String()
}

// startTable shows what kube-apiserver sends to a server that starts.
func startTable(r *results) string {
	runs := with(r, func(e *entry) bool { return e.Watches > 0 })
	t := newTable(atNamespaces("Sent to a server that starts", runs)...)
	all := make([]float64, len(runs))
	for _, resource := range []string{"namespaces", "tenants", "rolebindings", "persistentvolumes", "proxysettings", "nodes"} {
		row := []string{"`" + resource + "`"}
		for i, e := range runs {
			s := e.Sent[resource]
			row = append(row, fmt.Sprintf("%s (%s)", mebibytes(float64(s.Bytes)), count(s.Objects)))
			all[i] += float64(s.Bytes)
		}
		t.row(row...)
	}
	row := []string{"All"}
	for i := range runs {
		row = append(row, mebibytes(all[i]))
	}
	t.row(row...)
	return t.String()
}

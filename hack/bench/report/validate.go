// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"capsule.dev/tenantview/hack/bench/result"
)

// checks collects what is wrong with a result.
type checks struct {
	errs []error
	seen map[string]bool
}

// that adds a problem if a condition does not hold.
func (c *checks) that(ok bool, format string, args ...any) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

// once adds a problem if the same entry has been there before.
func (c *checks) once(entry string) {
	c.that(!c.seen[entry], "%s: is there twice", entry)
	c.seen[entry] = true
}

// validate returns what is wrong with a result. It accepts lists of nothing, from a run of some parts only.
func validate(r *result.Result) error {
	c := &checks{seen: map[string]bool{}}
	_, err := time.Parse(time.DateOnly, r.Date)
	c.that(err == nil, "date: %q is not of the form 2006-01-02", r.Date)
	c.that(r.Commit != "", "commit: is empty")
	m := r.Machine
	c.that(m.CPU != "" && m.Kernel != "" && m.GoVersion != "" && m.KubernetesVersion != "" && m.Cores > 0 && m.MemoryBytes > 0,
		"machine: CPU, cores, memory, kernel, Go and Kubernetes must all be there, is %+v", m)
	c.that(namespaces(r) > 0, "objects: no count of %s", namespacesResource)
	for _, o := range r.Objects {
		entry := fmt.Sprintf("objects: %s", o.Resource)
		c.once(entry)
		c.that(o.Count >= 0, "%s: count is %d, must not be negative", entry, o.Count)
	}
	for _, s := range r.Start {
		entry := fmt.Sprintf("start: %q with %d RoleBindings per namespace", s.Name, s.RoleBindings)
		c.once(entry)
		c.that(s.RoleBindings >= 0, "%s: roleBindings is %d, must not be negative", entry, s.RoleBindings)
		c.that(s.ReadySeconds > 0, "%s: readySeconds is %v, must be above 0", entry, s.ReadySeconds)
		c.that(0 < s.ResidentBytes && s.ResidentBytes <= s.PeakBytes,
			"%s: residentBytes %d must be above 0 and not above peakBytes %d", entry, s.ResidentBytes, s.PeakBytes)
	}
	for i := range r.Lists {
		c.request(&r.Lists[i])
	}
	for _, ratio := range r.Ratios {
		c.ratio(ratio)
	}
	for i := range r.Events {
		e := &r.Events[i]
		entry := "events: " + describe(e)
		c.once(entry)
		c.that(isServer(e.Name), "%s: name must be %s or %s", entry, tenantView, kubeAPIServer)
		c.that(e.Watches > 0 && e.WritesPerSecond > 0 && e.Count > 0,
			"%s: watches, writesPerSecond and count (%d) must be above 0", entry, e.Count)
		c.that(0 < e.P50Micros && e.P50Micros <= e.P90Micros && e.P90Micros <= e.P99Micros,
			"%s: p50 %v, p90 %v, p99 %v must be above 0 and in rising order", entry, e.P50Micros, e.P90Micros, e.P99Micros)
		c.that(e.Terminated >= 0, "%s: terminated is %d, must not be negative", entry, e.Terminated)
	}
	for _, s := range r.Memory {
		entry := fmt.Sprintf("memory: %q", s.When)
		c.once(entry)
		c.that(s.ResidentBytes > 0 && s.HeapBytes > 0, "%s: residentBytes and heapBytes must be above 0", entry)
	}
	return errors.Join(c.errs...)
}

func (c *checks) request(r *result.Request) {
	entry := fmt.Sprintf("lists: %q of %s, %s, %d clients", r.Name, r.Server, r.Format, r.Clients)
	c.once(entry)
	c.that(isServer(r.Server), "%s: server must be %s or %s", entry, tenantView, kubeAPIServer)
	c.that(r.Format == "JSON" || r.Format == "Table", "%s: format must be JSON or Table", entry)
	c.that(r.Clients > 0 && r.Count > 0 && r.Bytes > 0,
		"%s: clients, count (%d) and bytes (%d) must be above 0", entry, r.Count, r.Bytes)
	c.that(r.Items >= 0, "%s: items is %d, must not be negative", entry, r.Items)
	c.that(0 < r.MedianMicros && r.MedianMicros <= r.P99Micros,
		"%s: medianMicros %v must be above 0 and not above p99Micros %v", entry, r.MedianMicros, r.P99Micros)
	c.that(r.PerSecond > 0, "%s: perSecond is %v, must be above 0", entry, r.PerSecond)
	c.that(r.ServerCPUMicros >= 0 && r.APIServerCPUMicros >= 0, "%s: CPU time %v, %v must not be negative",
		entry, r.ServerCPUMicros, r.APIServerCPUMicros)
}

func (c *checks) ratio(r result.Ratio) {
	entry := fmt.Sprintf("ratios: %q", r.Name)
	c.once(entry)
	c.that(r.Value >= 0 && r.Target >= 0, "%s: value %v and target %v must not be negative", entry, r.Value, r.Target)
	if !hasTarget(r) {
		c.that(r.Holds, "%s: holds is false, but there is no target", entry)
		return
	}
	holds := r.Value <= r.Target
	if r.AtLeast {
		holds = r.Value >= r.Target
	}
	c.that(holds == r.Holds, "%s: holds is %v, but the value is %v and the target %s", entry, r.Holds, r.Value, target(r))
}

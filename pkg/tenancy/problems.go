// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"slices"

	"golang.org/x/time/rate"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/pkg/grants"
)

// InvalidKey identifies a kind of problem.
type InvalidKey struct {
	// Source is the resource of the objects.
	Source string
	// Reason is one of the reasons of package grants.
	Reason string
}

// problems holds the current problems of each object.
type problems struct {
	byOrigin map[origin][]grants.Problem
	// counts is the number of objects that have a problem of each kind.
	counts map[InvalidKey]int
	// live is true once all sources have been read. Nothing is logged before: an object may
	// refer to another one that has not been read yet.
	live bool
	// logs limits log lines, and unlogged counts those that it has left out.
	logs     *rate.Limiter
	unlogged int
}

func newProblems() problems {
	return problems{byOrigin: make(map[origin][]grants.Problem), counts: make(map[InvalidKey]int), logs: rate.NewLimiter(logRate, logBurst)}
}

// set replaces the problems of an object, and logs them if they have changed.
func (p *problems) set(from origin, found []grants.Problem) {
	before := p.byOrigin[from]
	if slices.Equal(before, found) {
		return
	}
	for reason := range reasons(before) {
		key := InvalidKey{from.source, reason}
		if p.counts[key]--; p.counts[key] == 0 {
			delete(p.counts, key)
		}
	}
	for reason := range reasons(found) {
		p.counts[InvalidKey{from.source, reason}]++
	}
	if len(found) == 0 {
		delete(p.byOrigin, from)
		return
	}
	p.byOrigin[from] = found
	if p.live {
		p.log(from, found)
	}
}

// decoded removes the problem that an object could not be decoded.
func (p *problems) decoded(from origin) {
	if before := p.byOrigin[from]; len(before) == 1 && before[0].Reason == grants.ReasonDecode {
		p.set(from, nil)
	}
}

// goLive logs the problems that remain after all sources have been read.
func (p *problems) goLive() {
	p.live = true
	for from, found := range p.byOrigin {
		p.log(from, found)
	}
}

// Limits of log lines about problems. Users of tenants can make and mend problems all the time;
// metrics count all of them.
const (
	logRate  = rate.Limit(10) // lines per second
	logBurst = 200
)

func (p *problems) log(from origin, found []grants.Problem) {
	if !p.logs.Allow() {
		p.unlogged++
		return
	}
	if p.unlogged > 0 {
		klog.InfoS("There were more problems of objects than are logged", "unlogged", p.unlogged)
		p.unlogged = 0
	}
	message := "Ignoring invalid parts of an object, which grant nothing"
	if found[0].Reason == grants.ReasonMissing {
		message = "A required object does not exist, so nothing is granted"
	}
	klog.InfoS(message, "source", from.source,
		"object", klog.KRef(from.namespace, from.name), "problems", len(found), "first", found[0].Detail, "reason", found[0].Reason)
}

func reasons(found []grants.Problem) map[string]struct{} {
	set := make(map[string]struct{}, len(found))
	for _, f := range found {
		set[f.Reason] = struct{}{}
	}
	return set
}

// Invalid returns the number of objects that currently have a problem, by source and reason.
func (c *Cluster) Invalid() map[InvalidKey]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := make(map[InvalidKey]int, len(c.problems.counts))
	for key, n := range c.problems.counts {
		counts[key] = n
	}
	return counts
}

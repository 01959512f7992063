// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// modelStore is the store of a simulated cluster.
type modelStore struct {
	*feed.History
	policy grants.Policy
	// native are the users that RBAC allows to list a resource: "user resource".
	native map[string]bool
}

func newModelStore(seed uint64) *modelStore {
	random := worlds.New(seed)
	return &modelStore{feed.NewHistory(random), random.Policy(), make(map[string]bool)}
}

func (s *modelStore) isNative(u user.Info, resource string) bool {
	return s.policy.NativeRBAC == grants.NativeRBACUnion && s.native[u.GetName()+" "+resource]
}

// filter returns what users should see when everything has been delivered.
func (s *modelStore) filter() *reference.Filter {
	return &reference.Filter{World: s.World, Policy: s.policy, Native: func(u user.Info, verb, resource, _ string) bool {
		return verb == "list" && s.isNative(u, resource)
	}}
}

// modelReplica is the process of one server: an engine whose sources lag independently.
type modelReplica struct {
	*feed.Late
	store *modelStore
	// granted decides what users see by grants, based on what has been delivered.
	granted *reference.Filter
	// steps are the results of the transactions for each view.
	steps map[string][]modelStep
	// users are the users of the model.
	users []user.Info
	// issued are the revisions that users received, by "user resource".
	issued map[string]map[uint64]modelIssue
}

// modelStep is a transaction. It covers the revisions of a view after from, up to and including to.
type modelStep struct {
	from, to uint64
	labels   map[string]labels.Set
	// granted are the names that users see by grants.
	granted map[string][]string
}

// modelIssue records how a user received a revision: with which scope, with several scopes, or with
// partial events.
type modelIssue struct {
	scope   view.Scope
	unclear bool
}

type modelSight struct{ all, granted bool }

func sightOf(who view.Viewer) modelSight { return modelSight{who.All, len(who.Subjects) > 0} }

// newModelReplica starts a process that lists all resources one after the other.
func newModelReplica(store *modelStore, users []user.Info) *modelReplica {
	policy := store.policy
	policy.CapsuleUsersOnly = false // the viewer covers it
	r := &modelReplica{
		Late: feed.NewLate(feed.New(store.policy), store.History), store: store, users: users,
		steps: make(map[string][]modelStep), issued: make(map[string]map[uint64]modelIssue),
	}
	r.granted = &reference.Filter{World: r.Delivered, Policy: policy}
	r.Start()
	r.Applied = r.note
	r.note()
	return r
}

// note records the state of the views.
func (r *modelReplica) note() {
	for _, resource := range reference.Resources() {
		steps := r.steps[resource]
		now := modelStep{to: r.View(resource).Revision()}
		if n := len(steps); n > 0 {
			if now.from = steps[n-1].to; now.from == now.to {
				continue
			}
		}
		now.labels = make(map[string]labels.Set)
		for _, ref := range r.Delivered.Refs() {
			if ref.Resource == resource {
				now.labels[ref.Name] = r.Delivered.Object(ref).GetLabels()
			}
		}
		now.granted = make(map[string][]string)
		for _, u := range r.users {
			now.granted[modelKey(u)] = r.granted.Names(u, reference.List, resource)
		}
		r.steps[resource] = append(steps, now)
	}
}

func modelKey(u user.Info) string { return u.GetName() + "/" + strings.Join(u.GetGroups(), ",") }

// step returns the step that a revision belongs to.
func (r *modelReplica) step(resource string, revision uint64) modelStep {
	steps := r.steps[resource]
	i, _ := slices.BinarySearchFunc(steps, revision, func(s modelStep, revision uint64) int {
		if s.to < revision {
			return -1
		}
		return 1
	})
	if i == len(steps) {
		return modelStep{}
	}
	return steps[i]
}

func (r *modelReplica) latest(resource string) modelStep {
	return r.steps[resource][len(r.steps[resource])-1]
}

// shows reports whether a user saw the object after the step.
func (s *modelStep) shows(u user.Info, who modelSight, name string) bool {
	_, exists := s.labels[name]
	return exists && (who.all || (who.granted && slices.Contains(s.granted[modelKey(u)], name)))
}

// viewer returns the engine's viewer for a user.
func (r *modelReplica) viewer(u user.Info, resource string) view.Viewer {
	who := r.Cluster.Viewer(u)
	who.All = r.store.isNative(u, resource)
	return who
}

// issue records that a user received a position.
func (r *modelReplica) issue(u user.Info, resource string, at view.Position, partial bool) {
	key := modelKey(u) + " " + resource
	if r.issued[key] == nil {
		r.issued[key] = make(map[uint64]modelIssue)
	}
	given, ok := r.issued[key][at.Revision]
	if !ok {
		given.scope = at.Scope
	}
	given.unclear = given.unclear || partial || given.scope != at.Scope
	r.issued[key][at.Revision] = given
}

// scopeOf returns the scope with which a user received a revision, if a watch can resume there.
func (r *modelReplica) scopeOf(u user.Info, resource string, revision uint64) (view.Scope, bool) {
	given, ok := r.issued[modelKey(u)+" "+resource][revision]
	return given.scope, ok && !given.unclear
}

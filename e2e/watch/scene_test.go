// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/e2e/testcluster"
)

// scene is a user, the Tenants solar and wind, and the objects of one test. A dollar in any name or YAML
// stands for the number of the scene, so that leftovers of one scene do not affect the next.
type scene struct {
	id string
	// user is in the group devs$.
	user string
}

var scenes int

func newScene() *scene {
	scenes++
	id := strconv.Itoa(scenes)
	return &scene{id: id, user: "alice" + id}
}

func (s *scene) of(source string) string { return strings.ReplaceAll(source, "$", s.id) }

// create creates objects, and deletes them when the test ends.
func (s *scene) create(t *testing.T, source string) {
	t.Helper()
	shared.Create(t, s.of(source))
}

func (s *scene) patch(t *testing.T, kind, name, patch string) {
	t.Helper()
	shared.Patch(t, kind, "", s.of(name), s.of(patch))
}

func (s *scene) remove(t *testing.T, kind, namespace, name string) {
	t.Helper()
	shared.Remove(t, kind, s.of(namespace), s.of(name))
}

// tenant is a Tenant that sees the objects of each kind that say they are of it; see ofTenant.
func tenant(name string, owners ...string) string {
	return fmt.Sprintf(`
---
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: %[1]s}
spec:
  owners: [%[2]s]
  nodeSelector: {e2e-tenant: %[1]s}
  storageClasses: {matchLabels: {e2e-tenant: %[1]s}}
  priorityClasses: {matchLabels: {e2e-tenant: %[1]s}}
  runtimeClasses: {matchLabels: {e2e-tenant: %[1]s}}
  ingressOptions: {allowedClasses: {matchLabels: {e2e-tenant: %[1]s}}}
`, name, strings.Join(owners, ", "))
}

const (
	byUser  = "{kind: User, name: alice$}"
	byGroup = "{kind: Group, name: devs$}"
)

// ofTenant is the metadata of an object that the Tenant sees. An empty name is metadata, for a merge
// patch, of an object that no Tenant sees.
func ofTenant(k kind, tenant string) string {
	value := tenant
	if value == "" {
		value = "null"
	}
	switch {
	case k.UpstreamKind == "Namespace" && tenant == "":
		return "ownerReferences: null"
	case k.UpstreamKind == "Namespace":
		return fmt.Sprintf("ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: %[1]s, uid: \"uid-of-tenant:%[1]s\"}]", tenant)
	case k.UpstreamKind == "PersistentVolume":
		return "labels: {capsule.clastix.io/tenant: " + value + "}"
	default:
		return "labels: {e2e-tenant: " + value + "}"
	}
}

// everyKind is objects of one name of all kinds, seen by a Tenant if it is named.
func everyKind(name, tenant string) string {
	source := ""
	for _, k := range kinds {
		metadata := ""
		if tenant != "" {
			metadata = ofTenant(k, tenant)
		}
		source += k.object(name, metadata)
	}
	return source
}

// everyKindWith is objects of one name of all kinds with the same metadata.
func everyKindWith(name, metadata string) string {
	source := ""
	for _, k := range kinds {
		source += k.object(name, metadata)
	}
	return source
}

// give moves the objects of that name of all kinds to another Tenant, or to none.
func (s *scene) give(t *testing.T, name, tenant string) {
	t.Helper()
	for _, k := range kinds {
		s.giveOne(t, k, name, tenant)
	}
}

func (s *scene) giveOne(t *testing.T, k kind, name, tenant string) {
	t.Helper()
	shared.Update(t, s.of(k.object(name, ofTenant(k, tenant))))
}

// sight is the watches of a user: two of each kind, of objects and of tables.
type sight struct {
	scene   *scene
	streams []*follower
}

// follower is a watch of which the resourceVersions must rise.
type follower struct {
	*testcluster.Stream
	kind kind
	name string
	last uint64
}

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// look starts to watch all kinds with a query, such as "labelSelector=a=b", and checks that the watches
// start with exactly the existing objects.
func (s *scene) look(t *testing.T, query string, initial func(kind) []string) *sight {
	t.Helper()
	everybodys.start(t)
	user := shared.As(t, s.user, s.of("devs$"))
	seen := &sight{scene: s}
	for _, k := range kinds {
		path := k.Path() + "?watch=1&allowWatchBookmarks=true&" + s.of(query)
		seen.streams = append(seen.streams,
			&follower{Stream: testcluster.Watch(t, user, path+"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), kind: k, name: k.Upstream.Resource},
			&follower{Stream: testcluster.Watch(t, user, path+"&resourceVersion=0", "Accept", asTable), kind: k, name: k.Upstream.Resource + " as table"})
	}
	seen.expect(t, initial)
	return seen
}

// expect fails the test unless each watch gets exactly these events of other objects than the sentinels,
// each as its type and name, in this order.
func (v *sight) expect(t *testing.T, want func(kind) []string) {
	t.Helper()
	v.expectLoosely(t, want, false, false)
}

// expectLoosely is like expect, but equal events in a row may count as one, or the order may not matter.
func (v *sight) expectLoosely(t *testing.T, want func(kind) []string, compact, sorted bool) {
	t.Helper()
	marks := make(map[string]func(testcluster.Event) bool)
	for _, k := range kinds {
		marks[k.UpstreamKind] = everybodys.touch(t, k)
	}
	for _, f := range v.streams {
		var got []string
		for _, e := range f.Until(t, marks[f.kind.UpstreamKind]) {
			f.check(t, e)
			if e.Type != "BOOKMARK" && e.Name() != sentinelName {
				got = append(got, e.String())
			}
		}
		if compact {
			got = slices.Compact(got)
		}
		if sorted {
			slices.Sort(got)
		}
		wanted := want(f.kind)
		for i := range wanted {
			wanted[i] = v.scene.of(wanted[i])
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("events of %s (-want +got):\n%s", f.name, diff)
		}
	}
}

// check fails the test if the resourceVersion of an event is lower than one before.
func (f *follower) check(t *testing.T, e testcluster.Event) {
	t.Helper()
	rv, err := strconv.ParseUint(e.ResourceVersion(), 10, 64)
	if err != nil {
		t.Fatalf("%v of %s has resourceVersion %q", e, f.name, e.ResourceVersion())
	}
	initial := e.Type == "ADDED" && f.last == 0 // these come in the order of their names
	if rv < f.last {
		t.Errorf("%v of %s has resourceVersion %d, after %d", e, f.name, rv, f.last)
	}
	if !initial {
		f.last = rv
	}
}

// all wants the same events of every kind, and nothing wants none.
func all(events ...string) func(kind) []string {
	return func(kind) []string { return slices.Clone(events) }
}

func nothing(kind) []string { return nil }

// only wants events of some kinds, and none of the others.
func only(events []string, resources ...string) func(kind) []string {
	return func(k kind) []string {
		if slices.Contains(resources, k.Upstream.Resource) {
			return slices.Clone(events)
		}
		return nil
	}
}

// classes are the kinds of which a Tenant lists what it may see.
var classes = []string{"storageclasses", "ingressclasses", "priorityclasses", "runtimeclasses"}

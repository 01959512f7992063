// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// worldsVariable is the environment variable with the number of random worlds to generate.
const worldsVariable = "TENANTVIEW_TEST_WORLDS"

// The engine shows what the naive filter shows, whatever happens in a cluster, and in whatever
// order the engine learns of it.
func TestRandomWorlds(t *testing.T) {
	for _, seed := range worlds.Seeds(t, worldsVariable, 60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Logf("replay with %s=%d", worlds.SeedVariable, seed)
			w := newWorld(seed)
			for step := range 60 {
				w.step()
				if step == 20 {
					w.feed.Cluster.GoLive()
				}
				if step%4 == 3 && !w.compare(t) {
					return
				}
			}
			w.compareWithAFreshStart(t)
			w.dropSources(t)
			w.dropAll(t)
		})
	}
}

// world is a random cluster. It passes its changes on to the engine and to the naive filter.
type world struct {
	random *worlds.Random
	filter *reference.Filter
	feed   *feed.Feed
	// history is what has happened since the last comparison.
	history []string
}

func newWorld(seed uint64) *world {
	r := worlds.New(seed)
	policy := r.Policy()
	return &world{random: r, filter: &reference.Filter{World: r.World, Policy: policy}, feed: feed.New(policy)}
}

func (w *world) step() {
	if w.random.IntN(12) == 0 {
		w.relist()
		return
	}
	w.tell(w.random.Next())
}

func (w *world) tell(c worlds.Change) {
	w.history = append(w.history, c.String())
	if c.Object == nil {
		w.feed.Delete(c.Deleted)
	} else {
		w.feed.Put(c.Object)
	}
}

// relist makes some changes while the connection to one resource is lost.
func (w *world) relist() {
	lost := w.feed.Resources()[w.random.IntN(len(w.feed.Resources()))]
	for range 3 {
		c := w.random.Next()
		if c.Deleted.Resource == lost || (c.Object != nil && reference.RefOf(c.Object).Resource == lost) {
			w.history = append(w.history, "lost: "+c.String())
			continue
		}
		w.tell(c)
	}
	w.history = append(w.history, "relist "+lost)
	w.feed.Replace(lost, objectsOf(w.random.World, lost)...)
}

func objectsOf(from *reference.World, resource string) []reference.Object {
	var found []reference.Object
	for _, ref := range from.Refs() {
		if ref.Resource == resource {
			found = append(found, from.Object(ref))
		}
	}
	return found
}

var operations = []reference.Operation{reference.List, reference.Get, reference.Update, reference.Delete}

// seen holds what users may do: names by "user operation resource".
type seen map[string][]string

func key(u user.Info, op reference.Operation, resource string) string {
	return fmt.Sprintf("%s%q %s %s", u.GetName(), u.GetGroups(), op, resource)
}

func see(names func(user.Info, reference.Operation, string) ([]string, error)) (seen, error) {
	all := make(seen)
	for _, u := range worlds.Users() {
		for _, op := range operations {
			for _, resource := range reference.Resources() {
				found, err := names(u, op, resource)
				if err != nil {
					return nil, err
				}
				if len(found) > 0 {
					all[key(u, op, resource)] = found
				}
			}
		}
	}
	return all, nil
}

func (w *world) engine(t *testing.T) seen {
	t.Helper()
	all, err := see(w.feed.Names)
	if err != nil {
		t.Fatalf("%v\nafter\n%s", err, lines(w.history))
	}
	for k, names := range all {
		for _, u := range worlds.Users() {
			for _, resource := range reference.Resources() {
				if k == key(u, reference.List, resource) && !contains(all[key(u, reference.Get, resource)], names) {
					t.Errorf("%s: %q are listed, but only %q can be got", k, names, all[key(u, reference.Get, resource)])
				}
			}
		}
	}
	return all
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

func (w *world) compare(t *testing.T) bool {
	t.Helper()
	want, _ := see(func(u user.Info, op reference.Operation, resource string) ([]string, error) {
		return w.filter.Names(u, op, resource), nil
	})
	if diff := cmp.Diff(want, w.engine(t)); diff != "" {
		t.Errorf("%+v: what users may do (-naive filter +engine):\n%s\nafter\n%s", w.filter.Policy, diff, lines(w.history))
		return false
	}
	w.history = nil
	return true
}

func lines(all []string) string {
	text := ""
	for _, line := range all {
		text += line + "\n"
	}
	return text
}

// compareWithAFreshStart reads the final state into a new engine, in another order. A difference
// would be a residue of the past: stale grants, or a leak.
func (w *world) compareWithAFreshStart(t *testing.T) {
	t.Helper()
	fresh := feed.New(w.filter.Policy)
	resources := fresh.Resources()
	for _, i := range w.random.Perm(len(resources)) {
		fresh.Replace(resources[i], objectsOf(w.random.World, resources[i])...)
	}
	fresh.Cluster.GoLive()
	want, err := see(fresh.Names)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, w.engine(t)); diff != "" {
		t.Errorf("what users may do (-fresh start +after changes):\n%s", diff)
	}
	if diff := cmp.Diff(sizes(fresh), sizes(w.feed)); diff != "" {
		t.Errorf("sizes (-fresh start +after changes):\n%s", diff)
	}
	if diff := cmp.Diff(fresh.Cluster.Footprint(), w.feed.Cluster.Footprint()); diff != "" {
		t.Errorf("footprint (-fresh start +after changes):\n%s", diff)
	}
	if diff := cmp.Diff(fresh.Cluster.Invalid(), w.feed.Cluster.Invalid()); diff != "" {
		t.Errorf("invalid objects (-fresh start +after changes):\n%s", diff)
	}
	if diff := cmp.Diff(tenants(fresh), tenants(w.feed)); diff != "" {
		t.Errorf("tenants of objects (-fresh start +after changes):\n%s", diff)
	}
}

func sizes(f *feed.Feed) map[string]view.Stats {
	all := make(map[string]view.Stats)
	for _, resource := range reference.Resources() {
		s := f.View(resource).Stats()
		s.Revision = 0 // counts changes
		all[resource] = s
	}
	return all
}

// tenants returns the tenant that each object shows, by "resource name".
func tenants(f *feed.Feed) map[string]string {
	all := make(map[string]string)
	for _, resource := range reference.Resources() {
		entries, _ := f.View(resource).List(view.Viewer{All: true})
		for _, e := range entries {
			all[resource+" "+e.Name] = e.Partition
		}
	}
	return all
}

// dropSources removes one source of grants at a time. No user may see more without it. When it is
// back, all users see what they saw before.
func (w *world) dropSources(t *testing.T) {
	t.Helper()
	before := w.engine(t)
	for _, ref := range w.random.World.Refs() {
		switch ref.Resource {
		case "tenants", "proxysettings", "globalproxysettings", "rolebindings", "roles", "clusterroles":
		default:
			continue
		}
		w.feed.Delete(ref)
		for k, names := range w.engine(t) {
			if w.freed(ref, k) {
				continue
			}
			if !contains(before[k], names) {
				t.Errorf("without %+v, %s are %q, with it %q", ref, k, names, before[k])
			}
		}
		w.feed.Put(w.random.World.Object(ref))
		if diff := cmp.Diff(before, w.engine(t)); diff != "" {
			t.Errorf("%+v has gone and come back (-before +after):\n%s", ref, diff)
		}
	}
}

// freed reports whether a user may do more to namespaces after their Tenant is gone. The
// RoleBindings in them may then name everybody, because no tenant owns them any more.
func (w *world) freed(ref reference.Ref, key string) bool {
	return ref.Resource == "tenants" && w.filter.Policy.TenantSubjects == grants.TenantSubjectsNoEverybody &&
		strings.HasSuffix(key, " namespaces") && strings.Contains(key, `"system:`)
}

// dropAll deletes every object. Nothing may be left, or a long-running server would need more and
// more memory.
func (w *world) dropAll(t *testing.T) {
	t.Helper()
	refs := w.random.World.Refs()
	for _, i := range w.random.Perm(len(refs)) {
		w.feed.Delete(refs[i])
	}
	want := make(map[string]view.Stats)
	for _, resource := range reference.Resources() {
		want[resource] = view.Stats{}
	}
	if diff := cmp.Diff(want, sizes(w.feed)); diff != "" {
		t.Errorf("sizes when all is deleted (-want +got):\n%s", diff)
	}
	empty := feed.New(w.filter.Policy)
	if diff := cmp.Diff(empty.Cluster.Footprint(), w.feed.Cluster.Footprint()); diff != "" {
		t.Errorf("what is remembered when all is deleted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(empty.Cluster.Invalid(), w.feed.Cluster.Invalid()); diff != "" {
		t.Errorf("invalid objects when all is deleted (-want +got):\n%s", diff)
	}
}

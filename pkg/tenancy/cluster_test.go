// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
	"capsule.dev/tenantview/pkg/view"
)

// logged returns what a test logs.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	state := klog.CaptureState()
	t.Cleanup(func() {
		klog.Flush()
		state.Restore()
	})
	var buffer bytes.Buffer
	klog.LogToStderr(false)
	klog.SetOutput(&buffer)
	return &buffer
}

type counts = map[tenancy.InvalidKey]int

// invalidStep is a change, the number of invalid objects after it, by problem, and the number of
// lines that it logs.
type invalidStep struct {
	what   string
	do     func()
	want   counts
	logged int
}

func checkInvalid(t *testing.T, f *feed.Feed, steps []invalidStep) {
	t.Helper()
	log := logged(t)
	for _, s := range steps {
		log.Reset()
		s.do()
		klog.Flush()
		if diff := cmp.Diff(s.want, f.Cluster.Invalid()); diff != "" {
			t.Errorf("%s: counts (-want +got):\n%s", s.what, diff)
		}
		if got := strings.Count(log.String(), "\n"); got != s.logged {
			t.Errorf("%s: %d lines logged, want %d:\n%s", s.what, got, s.logged, log)
		}
	}
}

// The counts are metrics that page people. Logs that repeat hide what is new.
func TestInvalidObjectsAreCountedAndLoggedOnce(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	badTenant := tenant("solar", "1", "storageClasses: {allowedRegex: '('}")
	worse := tenant("solar", "1", "storageClasses: {allowedRegex: '(', matchExpressions: [{key: a, operator: Like}]}, runtimeClasses: {allowedRegex: '['}")
	robots := parse("{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: robots, namespace: a}, spec: {subjects: [{kind: Robot, name: r}]}}")
	forged := namespace("b", "solar", "1")
	forged.SetLabels(map[string]string{"capsule.clastix.io/tenant": "wind"})
	key := func(source, reason string) tenancy.InvalidKey {
		return tenancy.InvalidKey{Source: source, Reason: reason}
	}
	steps := []invalidStep{
		{"nothing", func() {}, counts{}, 0},
		{"before all is read", func() { f.Put(badTenant, namespace("a", "wind", "2")) },
			counts{key("tenants", grants.ReasonRegex): 1, key("namespaces", grants.ReasonTenant): 1}, 0},
		{"what is left when all is read", func() { f.Put(tenant("wind", "2", "")); f.Cluster.GoLive() },
			counts{key("tenants", grants.ReasonRegex): 1}, 1},
		{"the same again", func() { f.Put(badTenant); f.Replace("tenants", badTenant, tenant("wind", "2", "")) },
			counts{key("tenants", grants.ReasonRegex): 1}, 0},
		// One object with two invalid expressions counts once.
		{"more problems", func() { f.Put(worse) },
			counts{key("tenants", grants.ReasonRegex): 1, key("tenants", grants.ReasonSelector): 1}, 1},
		{"fewer problems", func() { f.Put(badTenant) }, counts{key("tenants", grants.ReasonRegex): 1}, 1},
		{"undecodable", func() { f.Put(broken(badTenant)) }, counts{key("tenants", grants.ReasonDecode): 1}, 1},
		{"undecodable again", func() { f.Put(broken(badTenant)) }, counts{key("tenants", grants.ReasonDecode): 1}, 0},
		{"valid", func() { f.Put(tenant("solar", "1", "")) }, counts{}, 0},
		{"a setting", func() { f.Put(robots) }, counts{key("proxysettings", grants.ReasonSubject): 1}, 1},
		{"a namespace with a forged label", func() { f.Put(forged) },
			counts{key("proxysettings", grants.ReasonSubject): 1, key("namespaces", grants.ReasonTenant): 1}, 1},
		{"settings of all kinds", func() {
			f.Put(broken(globalSetting("gps", "x")), broken(proxySetting("a", "ps")), configuration("{users: [{}]}"))
		},
			counts{key("proxysettings", grants.ReasonSubject): 1, key("namespaces", grants.ReasonTenant): 1, key("globalproxysettings", grants.ReasonDecode): 1,
				key("proxysettings", grants.ReasonDecode): 1, key("capsuleconfigurations", grants.ReasonSubject): 1}, 3},
		{"deleted", func() {
			for _, o := range []*unstructured.Unstructured{robots, forged, proxySetting("a", "ps"), configuration("{}")} {
				f.Delete(reference.RefOf(o))
			}
			f.Disappear("globalproxysettings")
		}, counts{}, 0},
	}
	checkInvalid(t, f, steps)
}

// TENANT is a column of namespaces and volumes: it must be the tenant that the grants follow.
func TestTenantsThatObjectsShow(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	forged := namespace("forged", "", "")
	forged.SetLabels(map[string]string{"capsule.clastix.io/tenant": "solar"})
	f.Put(volume("claimed", "", "a"), volume("labelled", "solar", "gone"), volume("other", "solar", "forged"), inPhase("Bound", volume("bound", "solar", "forged")), volume("free", "", ""), volume("unknown", "water", ""))
	f.Put(namespace("a", "solar", "1"), namespace("stale", "solar", "0"), forged, tenant("solar", "1", ""))
	want := map[string]string{
		"namespaces a": "solar", "namespaces stale": "", "namespaces forged": "",
		"persistentvolumes claimed": "solar", "persistentvolumes labelled": "solar", "persistentvolumes other": "solar", "persistentvolumes bound": "", "persistentvolumes free": "", "persistentvolumes unknown": "",
	}
	if diff := cmp.Diff(want, tenants(f)); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
}

// The result does not depend on the order in which the sources are read, and entries keep the
// versions of their objects. Otherwise replicas of the server would disagree.
func TestOrderOfSources(t *testing.T) {
	bySource := map[string][]reference.Object{
		"tenants":           {tenant("solar", "1", "storageClasses: {allowed: [gold]}"), tenant("wind", "2", "owners: []")},
		"namespaces":        {namespace("a", "solar", "1"), namespace("b", "wind", "2"), namespace("c", "", "")},
		"persistentvolumes": {volume("pv", "", "a"), volume("pv2", "solar", "")},
		"proxysettings":     {proxySetting("a", "ps"), proxySetting("b", "ps")},
		"rolebindings":      {binding("c", "rb", "ClusterRole r")},
		"clusterroles":      {role("", "r", "get")},
		"storageclasses":    {storageClass("gold"), storageClass("tin")},
	}
	var order []string
	for source := range bySource {
		order = append(order, source)
	}
	slices.Sort(order)
	tried := 0
	permute(order, 0, func() {
		tried++
		f := feed.New(grants.DefaultPolicy())
		for _, source := range order {
			f.Replace(source, bySource[source]...)
		}
		f.Cluster.GoLive()
		if alice, bob := sees(t, f, "alice"), sees(t, f, "bob"); alice != "a" || bob != "a b c gold tin" {
			t.Fatalf("in the order %q alice sees %q, bob %q", order, alice, bob)
		}
		for _, resource := range reference.Resources() {
			entries, _ := f.View(resource).List(view.Viewer{All: true})
			for _, e := range entries {
				if e.Revision != e.Version {
					t.Fatalf("in the order %q, %s %s of version %d has revision %d", order, resource, e.Name, e.Version, e.Revision)
				}
			}
		}
	})
	if tried != 5040 {
		t.Errorf("tried %d orders", tried)
	}
}

// permute calls visit with every order of the elements from i on.
func permute(all []string, i int, visit func()) {
	if i == len(all) {
		visit()
		return
	}
	for j := i; j < len(all); j++ {
		all[i], all[j] = all[j], all[i]
		permute(all, i+1, visit)
		all[i], all[j] = all[j], all[i]
	}
}

// The revision of an idle view follows the bookmarks of its own source, and no others.
func TestBookmarks(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	f.Cluster.GoLive()
	nodes := schema.GroupResource{Resource: "nodes"}
	f.Cluster.Objects(nodes).Bookmark(500)
	f.Cluster.Tenants().Bookmark(900)
	if got := f.View("nodes").Revision(); got != 500 {
		t.Errorf("revision of nodes is %d, want 500", got)
	}
	if got := f.View("namespaces").Revision(); got >= 500 {
		t.Errorf("revision of namespaces is %d", got)
	}
}

func TestUnknownKindsHaveNoView(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	if v := f.Cluster.View(schema.GroupResource{Resource: "pods"}); v != nil {
		t.Errorf("a view of revision %d", v.Revision())
	}
}

// A view forgets its history by the size of the objects, so that size must include what tenants
// write.
func TestPublishedObjectsHaveTheirSize(t *testing.T) {
	const written = 100_000
	f := feed.New(grants.DefaultPolicy())
	for _, source := range []string{
		"{apiVersion: v1, kind: Namespace, metadata: {name: x}}",
		"{apiVersion: v1, kind: PersistentVolume, metadata: {name: x}}",
		"{apiVersion: v1, kind: Node, metadata: {name: x}}",
	} {
		large := parse(source)
		large.SetAnnotations(map[string]string{"a": strings.Repeat("a", written/2)})
		large.SetLabels(map[string]string{"l": strings.Repeat("l", written/2)})
		f.Put(large)
	}
	f.Cluster.GoLive()
	for _, resource := range []schema.GroupResource{{Resource: "namespaces"}, {Resource: "persistentvolumes"}, {Resource: "nodes"}} {
		e, ok := f.Cluster.View(resource).Get(view.Viewer{All: true}, "x", view.OpGet)
		if !ok || e.Size < written || e.Size > 2*written {
			t.Errorf("%s: size %d of %d bytes", resource, e.Size, written)
		}
	}
}

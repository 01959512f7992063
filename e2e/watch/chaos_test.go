// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/generated/clientset/versioned"
	"capsule.dev/tenantview/pkg/generated/informers/externalversions"
)

// mirror is a controller that keeps a copy of an informer's objects, and records forbidden events.
type mirror struct {
	name     string
	kind     kind
	informer cache.SharedIndexInformer
	// others are the beginnings of the names of objects that the user never sees.
	others []string

	mu         sync.Mutex
	objects    map[string]string // what identifies the state of an object, by its name
	violations []string
}

func newMirror(t *testing.T, name string, k kind, informer cache.SharedIndexInformer, others ...string) *mirror {
	t.Helper()
	m := &mirror{name: name, kind: k, informer: informer, others: others, objects: make(map[string]string)}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { m.add(o, false) },
		UpdateFunc: func(_, o any) { m.add(o, true) },
		DeleteFunc: m.remove,
	}); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *mirror) add(o any, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name, state := stateOf(o)
	if _, ok := m.objects[name]; ok != known {
		m.violations = append(m.violations, fmt.Sprintf("%s: added or updated, and known before: %v", name, ok))
	}
	for _, other := range m.others {
		if strings.HasPrefix(name, other) {
			m.violations = append(m.violations, name+" is somebody else's")
		}
	}
	m.objects[name] = state
}

func (m *mirror) remove(o any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = gone.Obj
	}
	name, _ := stateOf(o)
	if _, ok := m.objects[name]; !ok {
		m.violations = append(m.violations, name+": deleted, and not known before")
	}
	delete(m.objects, name)
}

// stateOf returns the name of an object and the parts that the test changes.
func stateOf(o any) (name, state string) {
	m, err := meta.Accessor(o)
	if err != nil {
		panic(err)
	}
	return m.GetName(), fmt.Sprint(m.GetLabels(), m.GetAnnotations())
}

// compare returns the differences between the controller, the informer's store, a list, and what the user
// must see.
func (m *mirror) compare(ctx context.Context, client metadata.Interface, want map[string]string) error {
	stored := make(map[string]string)
	for _, o := range m.informer.GetStore().List() {
		name, state := stateOf(o)
		stored[name] = state
	}
	list, err := client.Resource(m.kind.GVR()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	listed := make(map[string]string)
	for i := range list.Items {
		name, state := stateOf(&list.Items[i])
		listed[name] = state
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for what, got := range map[string]map[string]string{"the list": listed, "the informer's store": stored, "the controller": m.objects} {
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("%s of %s, %s (-want +got):\n%s", m.kind.Upstream.Resource, m.name, what, diff)
		}
	}
	return nil
}

// disruption is a disruption of the control plane.
type disruption struct {
	what string
	do   func() error
}

// load changes objects and grants at random until it is stopped. It ignores failures.
type load struct {
	random *rand.Rand
	writes int
	stop   context.CancelFunc
	done   chan struct{}
}

func startLoad(t *testing.T, s *scene, random *rand.Rand) *load {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &load{random: random, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			if l.write(ctx, s) == nil {
				l.writes++
				continue
			}
			select { // not too often while the control plane is away
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return l
}

// end stops the load and returns when the last write is done.
func (l *load) end() {
	l.stop()
	<-l.done
}

func (l *load) write(ctx context.Context, s *scene) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	k := kinds[l.random.IntN(len(kinds))]
	n := l.random.IntN(6)
	put := func(name, tenant string) error {
		source := s.of(k.object(fmt.Sprintf("%s-%d", name, n), ofTenant(k, tenant)+fmt.Sprintf(", annotations: {mark: \"%d\"}", l.random.IntN(1000))))
		objects, err := controlplane.Decode([]byte(source))
		if err != nil {
			return err
		}
		_, err = shared.Put(ctx, objects...)
		return err
	}
	owned := []string{"solar$", "wind$"}
	switch l.random.IntN(10) {
	case 0, 1, 2:
		return put("solar$", "solar$")
	case 3, 4:
		return put("wind$", "wind$")
	case 5, 6:
		return put("moving$", owned[l.random.IntN(2)])
	case 7:
		return put("nobody$", "other$")
	case 8:
		if k.UpstreamKind == "Namespace" {
			return nil // to delete one takes the namespace controller seconds
		}
		return shared.Client(k.UpstreamKind, "").Delete(ctx, s.of(fmt.Sprintf("moving$-%d", n)), metav1.DeleteOptions{})
	default:
		// The owner of solar comes and goes, and the owner of wind by another name.
		owner := []string{owners(), owners(byUser), owners(byGroup)}[l.random.IntN(3)]
		return shared.TryPatch(ctx, "Tenant", "", s.of("solar$"), s.of(owner))
	}
}

// expected returns what the users must see of a kind, computed only from the objects of the cluster: objects
// of the Tenants that they own, and the sentinels.
func expected(t *testing.T, k kind, user, group string) (map[string]string, error) {
	t.Helper()
	uids := make(map[string]string)
	tenants, err := shared.Client("Tenant", "").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range tenants.Items {
		all, _, _ := unstructured.NestedSlice(tenants.Items[i].Object, "spec", "owners")
		for _, o := range all {
			if name := o.(map[string]any)["name"]; name == user || name == group {
				uids[tenants.Items[i].GetName()] = string(tenants.Items[i].GetUID())
			}
		}
	}
	objects, err := shared.Client(k.UpstreamKind, "").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	want := make(map[string]string)
	for i := range objects.Items {
		o := &objects.Items[i]
		name, state := stateOf(o)
		tenant := o.GetLabels()["e2e-tenant"]
		switch k.UpstreamKind {
		case "PersistentVolume":
			tenant = o.GetLabels()["capsule.clastix.io/tenant"]
		case "Namespace":
			tenant = ""
			if refs := o.GetOwnerReferences(); len(refs) == 1 && uids[refs[0].Name] == string(refs[0].UID) {
				tenant = refs[0].Name
			}
		}
		if _, ok := uids[tenant]; ok || o.GetLabels()["e2e"] == "sentinel" {
			want[name] = state
		}
	}
	return want, nil
}

// mirrors starts controllers of all kinds. alice's informers come from the generated factory, and bob's are
// metadata informers. The returned function ends them.
func (s *scene) mirrors(t *testing.T, alice, bob *rest.Config) (all []*mirror, end func()) {
	t.Helper()
	clients, err := versioned.NewForConfig(alice)
	if err != nil {
		t.Fatal(err)
	}
	partial, err := metadata.NewForConfig(bob)
	if err != nil {
		t.Fatal(err)
	}
	typedFactory := externalversions.NewSharedInformerFactory(clients, 0)
	partialFactory := metadatainformer.NewSharedInformerFactory(partial, 0)
	for _, k := range kinds {
		resource := k.GVR()
		typed, err := typedFactory.ForResource(resource)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all,
			newMirror(t, "alice", k, typed.Informer(), s.of("wind$"), s.of("nobody$")),
			newMirror(t, "bob", k, partialFactory.ForResource(resource).Informer(), s.of("solar$"), s.of("nobody$")))
	}
	stop := make(chan struct{})
	typedFactory.Start(stop)
	partialFactory.Start(stop)
	typedFactory.WaitForCacheSync(t.Context().Done())
	partialFactory.WaitForCacheSync(t.Context().Done())
	return all, func() {
		close(stop)
		typedFactory.Shutdown()
		partialFactory.Shutdown()
	}
}

// Whatever is restarted under load, a controller with an unmodified informer ends up with exactly what its
// user may see, and never holds anything else.
func TestChaos(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := newScene()
	everybodys.start(t)
	s.create(t, tenant("solar$", byUser)+tenant("wind$", "{kind: User, name: bob$}")+tenant("other$"))
	t.Cleanup(func() { s.sweep(t) })
	everybodys.passAll(t)
	r := newReplicas(t)
	alice, bob := shared.As(t, s.user, s.of("devs$")), shared.As(t, s.of("bob$"))

	metadataOf := make(map[string]metadata.Interface)
	for name, config := range map[string]*rest.Config{"alice": alice, "bob": bob} {
		client, err := metadata.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		metadataOf[name] = client
	}
	ctx := t.Context()
	// By SIGKILL: kube-apiserver waits up to a minute for the watches that it passes on.
	restart := func(c controlplane.Component) func() error {
		return func() error {
			if err := shared.KillComponent(ctx, c); err != nil {
				return err
			}
			_, err := shared.StartComponent(ctx, c)
			return err
		}
	}
	disruptions := []disruption{
		{"kube-apiserver restarted", restart(controlplane.APIServer)},
		{"etcd restarted", restart(controlplane.Etcd)},
		{"server killed", func() error { return shared.Restart(ctx, true) }},
		{"server ended", func() error { return shared.Restart(ctx, false) }},
	}
	random := rand.New(rand.NewPCG(seed, 0))
	writes := 0
	for round := range 3 {
		// With one server, clients have none for a while. With two, they use the other one.
		backends := [][]string{{r.first}, {r.first, r.second}, {r.second, r.first}}[round]
		for half := range slices.Chunk(disruptions, 2) {
			// New informers: those whose watches have failed wait longer and longer before they try again.
			mirrors, end := s.mirrors(t, alice, bob)
			for _, d := range half {
				r.balancer.Use(backends...)
				start := time.Now()
				writes += s.disrupt(t, random, d)
				took := time.Since(start)
				for _, m := range mirrors {
					testcluster.Eventually(t, "the informers have caught up after "+d.what, func() error {
						user, group := s.user, s.of("devs$")
						if m.name == "bob" {
							user, group = s.of("bob$"), ""
						}
						want, err := expected(t, m.kind, user, group)
						if err != nil {
							return err
						}
						return m.compare(t.Context(), metadataOf[m.name], want)
					})
				}
				t.Logf("%s in %v; all the same after %v", d.what, took.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
			}
			end()
			for _, m := range mirrors {
				m.expectNoViolations(t)
			}
		}
	}
	t.Logf("%d writes", writes)
}

// disrupt does something to the control plane under load, and returns the number of writes of that.
func (s *scene) disrupt(t *testing.T, random *rand.Rand, d disruption) int {
	t.Helper()
	l := startLoad(t, s, random)
	defer l.end()
	if err := d.do(); err != nil {
		t.Fatalf("%s: %v", d.what, err)
	}
	awaitReplica(t)
	l.end()
	return l.writes
}

func (m *mirror) expectNoViolations(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.violations); n > 0 {
		t.Errorf("%s of %s: %d violations: %q", m.kind.Upstream.Resource, m.name, n, m.violations[:min(5, n)])
	}
}

// sweep deletes the objects that the load has made.
func (s *scene) sweep(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for _, k := range kinds {
		objects, err := shared.Client(k.UpstreamKind, "").List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Error(err)
			continue
		}
		for i := range objects.Items {
			name := objects.Items[i].GetName()
			if slices.ContainsFunc([]string{"solar$-", "wind$-", "moving$-", "nobody$-"}, func(p string) bool { return strings.HasPrefix(name, s.of(p)) }) {
				if err := shared.Client(k.UpstreamKind, "").Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

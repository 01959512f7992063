// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/tenancy"
)

// call is a call of a sink.
type call struct {
	Method  string
	Items   []string // NAMESPACE/NAME@VERSION, with an ! if it could not be decoded
	Version uint64
}

// recorder is a sink that records its calls.
type recorder[T any] struct {
	mu    sync.Mutex
	calls []call
}

func (r *recorder[T]) add(c call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

// take returns the calls since the last take.
func (r *recorder[T]) take() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

func (r *recorder[T]) Replace(items []tenancy.Item[T], version uint64) {
	c := call{Method: "Replace", Version: version}
	for i := range items {
		c.Items = append(c.Items, describe(items[i]))
	}
	r.add(c)
}

func (r *recorder[T]) Put(item tenancy.Item[T]) {
	r.add(call{Method: "Put", Items: []string{describe(item)}})
}

func (r *recorder[T]) Delete(key tenancy.Key, version uint64) {
	r.add(call{Method: "Delete", Items: []string{key.String()}, Version: version})
}

func (r *recorder[T]) Bookmark(version uint64) {
	r.add(call{Method: "Bookmark", Version: version})
}

func describe[T any](item tenancy.Item[T]) string {
	s := fmt.Sprintf("%s@%d", item.Key, item.Version)
	if item.Err != nil {
		s += "!"
	}
	return s
}

// upstream is a resource of a kube-apiserver.
type upstream struct {
	// streams is true if it can list by a watch, as kube-apiserver does since v1.34.
	streams bool

	mu    sync.Mutex
	err   error
	items []runtime.Object
	// version is the resourceVersion of its lists.
	version string
	watch   *watch.RaceFreeFakeWatcher
	// discovery overrides whether discovery has the resource. nil means the truth.
	discovery func() (bool, error)
	// bookmark is an empty object of the resource.
	bookmark metav1.Object
}

func newUpstream(streams bool, version string, items ...runtime.Object) *upstream {
	return &upstream{streams: streams, version: version, items: items, bookmark: &corev1.Namespace{}}
}

func (u *upstream) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			u.mu.Lock()
			defer u.mu.Unlock()
			if u.err != nil {
				return nil, u.err
			}
			list := &metav1.List{ListMeta: metav1.ListMeta{ResourceVersion: u.version}}
			for _, item := range u.items {
				list.Items = append(list.Items, runtime.RawExtension{Object: item.DeepCopyObject()})
			}
			return list, nil
		},
		WatchFuncWithContext: func(_ context.Context, options metav1.ListOptions) (watch.Interface, error) {
			u.mu.Lock()
			defer u.mu.Unlock()
			initial := options.SendInitialEvents != nil && *options.SendInitialEvents
			switch {
			case u.err != nil:
				return nil, u.err
			case initial && !u.streams:
				return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
			}
			u.watch = watch.NewRaceFreeFake()
			if initial {
				for _, item := range u.items {
					u.watch.Add(item.DeepCopyObject())
				}
				u.watch.Action(watch.Bookmark, u.bookmarkAt(u.version, metav1.InitialEventsAnnotationKey))
			}
			return u.watch, nil
		},
	}
}

// served reports what discovery says about the resource: the truth, unless discovery is set.
func (u *upstream) served(context.Context) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.discovery != nil {
		return u.discovery()
	}
	return !apierrors.IsNotFound(u.err), nil
}

// servedIf returns served if the resource may be absent.
func (u *upstream) servedIf(optional bool) Served {
	if optional {
		return u.served
	}
	return nil
}

// bookmarkAt returns the object of a bookmark.
func (u *upstream) bookmarkAt(version string, annotations ...string) runtime.Object {
	b := u.bookmark.(runtime.Object).DeepCopyObject()
	m := b.(metav1.Object)
	m.SetResourceVersion(version)
	for _, a := range annotations {
		m.SetAnnotations(map[string]string{a: "true"})
	}
	return b
}

// send sends an event to the watch, if there is one.
func (u *upstream) send(event watch.EventType, object runtime.Object) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.watch != nil {
		u.watch.Action(event, object)
	}
}

// set changes the content.
func (u *upstream) set(version string, items ...runtime.Object) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.version, u.items, u.err = version, items, nil
}

// fail makes every request fail from now on, and ends the watch.
func (u *upstream) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = err
	if u.watch != nil {
		u.watch.Stop()
	}
}

// run runs a source until the test ends. Call it in a bubble.
func run(t *testing.T, s interface{ Run(context.Context) }) {
	t.Helper()
	runWith(t.Context(), t, s)
}

func runWith(ctx context.Context, t *testing.T, s interface{ Run(context.Context) }) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	synctest.Wait()
}

func namespace(name, version string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version}}
}

// custom returns one of Capsule's objects.
func custom(name, version string, spec any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "capsule.clastix.io/v1beta2",
		"kind":       "Tenant",
		"metadata":   map[string]any{"name": name, "resourceVersion": version},
		"spec":       spec,
	}}
}

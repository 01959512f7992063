// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/watch"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

var tenantnamespaceKind = v1alpha1.SchemeGroupVersion.WithKind("TenantNamespace")

// withUser returns a context with the user of another one.
func withUser(ctx, of context.Context) context.Context {
	u, _ := genericapirequest.UserFrom(of)
	return genericapirequest.WithUser(ctx, u)
}

// An event is encoded once for each media type, however many watchers encode it at the same time.
func TestWatchEncodesOnce(t *testing.T) {
	const watchers = 30
	c := newCrowd(t, watchers, func(f *fixture, i int) {
		if i == 0 {
			f.put(50, "shared", "shared", nil)
			f.grant(view.Group("crowd"), view.Partition("shared"), listAndGet)
		}
	})
	forms := []json.SerializerOptions{{}, {Yaml: true}, {Pretty: true}}
	var encoders []*countingEncoder
	for _, form := range forms {
		encoders = append(encoders, newCountingEncoderOf(form))
	}
	encoded := make([][]string, watchers)
	tell := func(change func()) {
		change()
		var told sync.WaitGroup
		for i, stream := range c.streams {
			told.Go(func() {
				event := <-stream.ResultChan()
				var all bytes.Buffer
				fmt.Fprintln(&all, event.Type)
				for j := range encoders { // not all in the same order
					if err := encoders[(i+j)%len(encoders)].Encode(event.Object, &all); err != nil {
						t.Error(err)
					}
				}
				encoded[i] = append(encoded[i], all.String())
			})
		}
		told.Wait()
	}
	tell(func() { c.put(200, "shared", "shared", map[string]string{"env": "prod"}) })
	tell(func() { c.put(201, "new", "shared", nil) })
	tell(func() { c.delete(202, "shared") })
	var counts []int64
	for _, e := range encoders {
		counts = append(counts, e.encoded.Load())
	}
	if diff := cmp.Diff([]int64{3, 3, 3}, counts); diff != "" {
		t.Errorf("encodings by form (-want +got):\n%s", diff)
	}
	for i := range encoded {
		if diff := cmp.Diff(encoded[i%len(forms)], encoded[i]); diff != "" {
			t.Errorf("events of watcher %d:\n%s", i, diff)
		}
	}
}

// Only an encoder may change a shared object.
func TestWatchSharedObject(t *testing.T) {
	c := newCrowd(t, 1, ownTenants)
	c.put(2000, "tenant-0-a", "tenant-0", map[string]string{"env": "prod"})
	event := <-c.streams[0].ResultChan()
	shared, ok := event.Object.(runtime.CacheableObject)
	if !ok || event.Type != watch.Modified {
		t.Fatalf("%s of %T", event.Type, event.Object)
	}
	want := shared.GetObject()
	event.Object.GetObjectKind().SetGroupVersionKind(tenantnamespaceKind)
	shared.GetObject().(*v1alpha1.TenantNamespace).Labels["env"] = "test"
	event.Object.DeepCopyObject().(*v1alpha1.TenantNamespace).Name = "other"
	if diff := cmp.Diff(want, shared.GetObject()); diff != "" {
		t.Errorf("object (-before +after):\n%s", diff)
	}
}

// A user may have many watches that he does not read. The events that wait for him must not hold objects, of which
// tenants can make some as large as etcd allows.
func TestEventsThatWaitHoldNoObjects(t *testing.T) {
	f := newSolarFixture()
	kind, converted := counted()
	r := registry.NewREST(kind, f.view, f.Config)
	stream, err := r.Watch(as("alice"), request{}.options(t))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Stop()
	f.put(500, "solar-b", "solar", map[string]string{"changed": "yes"})
	var objects []runtime.Object
	for range 5 { // four initial ones and the change
		objects = append(objects, (<-stream.ResultChan()).Object)
	}
	if names := converted(); names != nil {
		t.Errorf("%v were made before they were encoded", names)
	}
	for _, o := range objects {
		if err := encoders(t)[runtime.ContentTypeJSON].Encode(o, io.Discard); err != nil {
			t.Error(err)
		}
	}
	if names := converted(); len(names) != 5 {
		t.Errorf("%v were encoded", names)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/packed"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/view"
)

// takingPlain returns the context of a request that takes objects as they are.
func takingPlain(ctx context.Context) context.Context {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	r.Header.Set("Accept", "application/json")
	registry.WithForm(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(nil, r)
	return ctx
}

// encoders returns the server's encoders by their names.
func encoders(t *testing.T) map[string]runtime.Encoder {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	metav1.AddToGroupVersion(scheme, v1alpha1.SchemeGroupVersion)
	codecs := serializer.NewCodecFactory(scheme, serializer.WithStreamingCollectionEncodingToJSON())
	all := make(map[string]runtime.Encoder)
	for _, info := range codecs.SupportedMediaTypes() {
		all[info.MediaType] = codecs.EncoderForVersion(info.Serializer, v1alpha1.SchemeGroupVersion)
		if info.PrettySerializer != nil {
			all[info.MediaType+", pretty"] = codecs.EncoderForVersion(info.PrettySerializer, v1alpha1.SchemeGroupVersion)
		}
	}
	return all
}

// writes counts calls of Write, and the bytes of the first.
type writes struct {
	bytes.Buffer
	n, first int
}

func (w *writes) Write(p []byte) (int, error) {
	if w.n++; w.n == 1 {
		w.first = len(p)
	}
	return w.Buffer.Write(p)
}

// A list that is put together is the same, byte for byte, as one that is encoded, in every encoding, before and
// after its items are remembered.
func TestSplicedListIsTheList(t *testing.T) {
	for _, n := range []int{0, 1, 3, 300, 1_500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFixture()
			f.grant(view.User("alice"), view.Partition("solar"), listAndGet)
			for i := range n {
				f.put(uint64(100+i), fmt.Sprintf("solar-%04d", i), "solar", map[string]string{"html": "<&>\u2028" + fmt.Sprint(i)})
			}
			for _, request := range []request{{}, {limit: 2}} {
				for name, encoder := range encoders(t) {
					if strings.Contains(name, "protobuf") {
						continue // the kinds have none
					}
					for _, attempt := range []string{"first", "second"} {
						list, err := f.List(takingPlain(as("alice")), request.options(t))
						if err != nil {
							t.Fatal(err)
						}
						spliced, ok := list.(runtime.CacheableObject)
						if !ok {
							t.Fatalf("a list of type %T", list)
						}
						var got writes
						var want bytes.Buffer
						if err := encoder.Encode(list, &got); err != nil {
							t.Fatal(err)
						}
						if err := encoder.Encode(spliced.GetObject(), &want); err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(want.String(), got.String()); diff != "" {
							t.Fatalf("%s, %s, %+v (-encoded +spliced):\n%s", name, attempt, request, diff)
						}
						// By the first write, the server decides whether it compresses.
						if long := 128 << 10; name == runtime.ContentTypeJSON && (got.Len() <= long && got.n != 1 || got.Len() > long && got.first <= long) {
							t.Errorf("%d bytes in %d writes, the first of %d bytes", got.Len(), got.n, got.first)
						}
					}
				}
			}
		})
	}
}

// Clients that may get something else than the objects get the list itself, which is converted.
func TestListIsSplicedOnlyIfNothingIsConverted(t *testing.T) {
	f := newSolarFixture()
	for accept, want := range map[string]bool{
		"": true, "*/*": true, "application/json": true, "application/yaml": true, "application/json,*/*": true,
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json":  false,
		"application/json,application/json;AS=PartialObjectMetadataList": false,
	} {
		r := httptest.NewRequestWithContext(as("alice"), http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		registry.WithForm(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			list, err := f.List(r.Context(), request{}.options(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, spliced := list.(runtime.CacheableObject); spliced != want {
				t.Errorf("Accept %q: spliced %v", accept, spliced)
			}
		})).ServeHTTP(nil, r)
	}
}

// counted returns the kind of namespaces, and the names of those that have been converted since the last call.
func counted() (*registry.Kind, func() []string) {
	var names []string
	k := *tenantnamespace.Kind()
	convert := k.Convert
	k.Convert = func(e *view.Entry, id registry.ServerID) runtime.Object {
		names = append(names, e.Name)
		return convert(e, id)
	}
	return &k, func() []string {
		taken := names
		names = nil
		return taken
	}
}

func TestObjectsAreEncodedOnce(t *testing.T) {
	f := newSolarFixture()
	kind, converted := counted()
	r := registry.NewREST(kind, f.view, f.Config)
	encoder := encoders(t)[runtime.ContentTypeJSON]
	list := func(user string) {
		t.Helper()
		l, err := r.List(takingPlain(as(user)), request{}.options(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := encoder.Encode(l, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, want ...string) {
		t.Helper()
		got := converted()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	list("alice")
	expect("the first list", "solar-a", "solar-b", "solar-c", "solar-d")
	list("alice")
	expect("the second list")
	f.put(500, "solar-b", "solar", map[string]string{"changed": "yes"})
	list("alice")
	expect("after a change", "solar-b")
	f.grant(view.User("bob"), view.Partition("solar"), listAndGet)
	list("bob")
	expect("as another user")
	f.put(501, "solar-a", "solar", nil)
	for range 2 { // a page is not remembered
		l, err := r.List(takingPlain(as("bob")), request{limit: 1}.options(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := encoder.Encode(l, io.Discard); err != nil {
			t.Fatal(err)
		}
		expect("a page", "solar-a")
	}
}

// What is remembered has a bound, and what is listed again and again stays.
func TestEncodingsAreBounded(t *testing.T) {
	kind, converted := counted()
	const size, limit = 1_000, 20_000
	c := registry.NewEncodingsOf(limit)
	entry := func(name string) *view.Entry {
		f := newFixture()
		f.grant(view.User("alice"), view.Partition("solar"), listAndGet)
		f.set.Update(100, func(tx *view.Tx) {
			o := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"long": strings.Repeat("x", size)}}}
			tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: name, Partition: "solar"}, Version: 100, Value: synthetic.Packed(o)})
		})
		entries, _ := f.view.List(view.Viewer{Subjects: []view.Subject{view.User("alice")}})
		return entries[0]
	}
	popular := entry("popular")
	all := make(map[*view.Entry]int) // with their sizes
	for i := range 200 {
		for _, e := range []*view.Entry{entry(fmt.Sprint("once-", i)), popular} {
			data, err := c.Of(kind, e, 0, true)
			if err != nil {
				t.Fatal(err)
			}
			all[e] = len(data) + len(e.Value.(packed.Object))
		}
	}
	if n := len(converted()); n != 201 {
		t.Errorf("%d conversions of 201 objects", n)
	}
	remembered := 0
	for e, size := range all {
		if e.Memo() != nil {
			remembered += size
		}
	}
	if remembered < limit/4 || remembered > limit {
		t.Errorf("%d bytes are remembered, of %d", remembered, limit)
	}
	// A long list drives nothing out.
	for i := range 200 {
		if _, err := c.Of(kind, entry(fmt.Sprint("long-", i)), 0, false); err != nil {
			t.Fatal(err)
		}
	}
	if popular.Memo() == nil {
		t.Error("what is listed often has been forgotten")
	}
}

// Requests encode, remember and forget the same entries at the same time.
func TestEncodingsAreShared(t *testing.T) {
	f := newFixture()
	f.ObserveList = nil
	f.grant(view.User("alice"), view.Partition("solar"), listAndGet)
	for i := range 50 {
		f.put(uint64(100+i), fmt.Sprint("solar-", i), "solar", nil)
	}
	f.Encodings = registry.NewEncodingsOf(5_000)
	encoder := encoders(t)[runtime.ContentTypeJSON]
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				l, err := f.List(takingPlain(as("alice")), request{}.options(t))
				if err != nil {
					t.Error(err)
					return
				}
				var got bytes.Buffer
				if err := encoder.Encode(l, &got); err != nil {
					t.Error(err)
					return
				}
				if n := strings.Count(got.String(), `"uid"`); n != 50 {
					t.Errorf("%d items", n)
				}
			}
		})
	}
	for i := range 100 {
		f.put(uint64(1000+i), fmt.Sprint("solar-", i%50), "solar", map[string]string{"n": fmt.Sprint(i)})
	}
	all.Wait()
}

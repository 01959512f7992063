// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/tenancy"
)

// A list of 200,000 objects must not be kept in the form in which it arrives.
func TestStreamedListIsDecodedAsItArrives(t *testing.T) {
	var decodes int
	decode := func(o runtime.Object) (tenancy.Namespace, error) {
		decodes++
		return as(tenancy.NewNamespace)(o)
	}
	sink := &recorder[tenancy.Namespace]{}
	s := &store[tenancy.Namespace]{source: &Source{onSynced: func() {}}, decode: decode, sink: sink}
	// What the reflector does.
	received := cache.NewStore(cache.DeletionHandlingMetaNamespaceKeyFunc, cache.WithTransformer(s.Transformer()))
	for _, name := range []string{"b", "a", "b"} {
		if err := received.Add(namespace(name, "7")); err != nil {
			t.Fatal(err)
		}
	}
	if decodes != 3 {
		t.Errorf("%d objects were decoded when they arrived", decodes)
	}
	if err := received.Delete(namespace("a", "8")); err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(received.List(), "9"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]call{{Method: "Replace", Items: []string{"/b@7"}, Version: 9}}, sink.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if decodes != 3 {
		t.Error("objects were decoded twice")
	}
}

// A server must not say that it is ready while it still refuses requests: when its last source has been read, but the
// cluster is not live yet.
func TestSourcesAreServedWhenLive(t *testing.T) {
	first, last := &Source{}, &Source{}
	all := &Sources{sources: []*Source{first, last}}
	expect := func(what string, want ...bool) {
		t.Helper()
		if diff := cmp.Diff(want, []bool{all.Serving(first), all.Serving(last)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	expect("at the start", false, false)
	first.synced = true
	expect("one has been read", true, false)
	last.synced = true
	expect("all have been read", false, false)
	all.live.Store(true)
	expect("the cluster is live", true, true)
}

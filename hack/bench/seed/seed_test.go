// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package seed_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"capsule.dev/tenantview/hack/bench/seed"
	"capsule.dev/tenantview/hack/bench/world"
)

func newWorld(t *testing.T, p world.Params) *world.World {
	t.Helper()
	w, err := world.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// kube-apiserver must read from etcd what the world has, under the keys at which it looks.
func TestEncode(t *testing.T) {
	want := map[string]string{
		"tenants":             "/registry/capsule.clastix.io/tenants/tenant-00046",
		"namespaces":          "/registry/namespaces/tenant-00091-ns-001000",
		"rolebindings":        "/registry/rolebindings/tenant-00091-ns-001000/capsule-tenant-00091-0-admin",
		"nodes":               "/registry/minions/node-00010",
		"persistentvolumes":   "/registry/persistentvolumes/pvc-bd24906f-0000-4000-8000-000000000064",
		"storageclasses":      "/registry/storageclasses/storage-25",
		"ingressclasses":      "/registry/ingressclasses/ingress-10",
		"priorityclasses":     "/registry/priorityclasses/priority-10",
		"runtimeclasses":      "/registry/runtimeclasses/runtime-10",
		"proxysettings":       "/registry/capsule.clastix.io/proxysettings/tenant-00049-ns-000499/guest-00010",
		"globalproxysettings": "/registry/capsule.clastix.io/globalproxysettings/auditors-02",
	}
	got := make(map[string]string)
	for _, k := range newWorld(t, world.Params{Namespaces: 2_000, RoleBindings: 2, Seed: 1}).Kinds() {
		object := k.Make(k.Count / 2)
		key, err := seed.Key(k, object)
		if err != nil {
			t.Fatal(err)
		}
		got[k.Resource] = key
		data, err := seed.Encode(k, object)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := decode(object, data)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if kind := decoded.GetObjectKind().GroupVersionKind(); kind != k.GroupVersionKind() {
			t.Errorf("%s is a %s", key, kind)
		}
		again, err := seed.Encode(k, decoded)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, again) {
			t.Errorf("%s decodes as (-want +got):\n%s", key, cmp.Diff(object, decoded))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// decode decodes a value of etcd like kube-apiserver.
func decode(like runtime.Object, data []byte) (runtime.Object, error) {
	if _, custom := like.(*unstructured.Unstructured); custom {
		object, _, err := unstructured.UnstructuredJSONScheme.Decode(data, nil, nil)
		return object, err
	}
	object, kind, err := scheme.Codecs.UniversalDeserializer().Decode(data, nil, nil)
	if err == nil {
		object.GetObjectKind().SetGroupVersionKind(*kind)
	}
	return object, err
}

// A state that was seeded with other parameters must not be used.
func TestMarker(t *testing.T) {
	dir := t.TempDir()
	digests := make(map[string]world.Params)
	for _, p := range []world.Params{
		{Namespaces: 2_000}, {Namespaces: 2_100}, {Namespaces: 2_000, RoleBindings: 1}, {Namespaces: 2_000, Seed: 1},
	} {
		digest, err := seed.Digest(newWorld(t, p))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := digests[digest]; ok {
			t.Errorf("%+v and %+v have the same digest", p, other)
		}
		digests[digest] = p
		if again, err := seed.Digest(newWorld(t, p)); err != nil || again != digest {
			t.Errorf("%+v has the digests %s and %s, %v", p, digest, again, err)
		}
		if seeded, err := seed.Seeded(dir, digest); seeded || err != nil {
			t.Errorf("%+v counts as seeded, %v", p, err)
		}
		if err := seed.Mark(dir, digest); err != nil {
			t.Fatal(err)
		}
		if seeded, err := seed.Seeded(dir, digest); !seeded || err != nil {
			t.Errorf("%+v does not count as seeded, %v", p, err)
		}
	}
}

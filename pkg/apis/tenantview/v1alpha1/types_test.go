// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/equality"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// upstream maps each of our kinds to the type that it mirrors.
var upstream = map[string]runtime.Object{
	"TenantIngressClass":     &networkingv1.IngressClass{},
	"TenantNamespace":        &corev1.Namespace{},
	"TenantNode":             &corev1.Node{},
	"TenantPersistentVolume": &corev1.PersistentVolume{},
	"TenantPriorityClass":    &schedulingv1.PriorityClass{},
	"TenantRuntimeClass":     &nodev1.RuntimeClass{},
	"TenantStorageClass":     &storagev1.StorageClass{},
}

// reviews are the kinds that are only created, and so have no list.
var reviews = []string{"SelfTenantViewReview", "TenantViewReview"}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return scheme
}

func TestResource(t *testing.T) {
	if got, want := v1alpha1.Resource("tenantnodes").String(), "tenantnodes.tenantview.capsule.dev"; got != want {
		t.Errorf("Resource is %q, want %q", got, want)
	}
}

func TestSchemeHoldsEveryKindAndItsList(t *testing.T) {
	scheme := newScheme(t)
	pkg := reflect.TypeFor[v1alpha1.TenantNode]().PkgPath()
	got := map[string]bool{}
	for kind, typ := range scheme.KnownTypes(v1alpha1.SchemeGroupVersion) {
		if typ.PkgPath() == pkg {
			got[kind] = true
		}
	}
	want := map[string]bool{}
	for kind := range upstream {
		want[kind], want[kind+"List"] = true, true
	}
	for _, kind := range reviews {
		want[kind] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("registered kinds (-want +got):\n%s", diff)
	}
}

// Clients can read our kinds like the upstream ones: the JSON of any upstream
// object decodes into our kind without unknown fields, and encodes to the same
// JSON again. This fails when a new Kubernetes release adds a top-level field
// to a kind that has no spec.
func TestUpstreamRoundTrip(t *testing.T) {
	scheme := newScheme(t)
	fill := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), serializer.NewCodecFactory(scheme))
	for kind, obj := range upstream {
		t.Run(kind, func(t *testing.T) {
			for i := range 200 {
				in := reflect.New(reflect.TypeOf(obj).Elem()).Interface()
				if i > 0 { // The first one stays empty.
					fill.NilChance(float64(i%4) / 4).Fill(in)
				}
				roundTrip(t, scheme, kind, in)
			}
		})
	}
}

func roundTrip(t *testing.T, scheme *runtime.Scheme, kind string, in any) {
	t.Helper()
	want, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}

	ours, err := scheme.New(v1alpha1.SchemeGroupVersion.WithKind(kind))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(want))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(ours); err != nil {
		t.Fatalf("decoding %s: %v", want, err)
	}

	duplicate := ours.DeepCopyObject()
	if !equality.Semantic.DeepEqual(ours, duplicate) {
		t.Errorf("deep copy differs:\n%s", cmp.Diff(ours, duplicate))
	}

	got, err := json.Marshal(duplicate)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fields(t, want), fields(t, got)); diff != "" {
		t.Fatalf("JSON (-upstream +ours):\n%s", diff)
	}
}

// fields decodes a JSON object, leaving out apiVersion and kind.
func fields(t *testing.T, data []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var m map[string]any
	if err := decoder.Decode(&m); err != nil {
		t.Fatal(err)
	}
	delete(m, "apiVersion")
	delete(m, "kind")
	return m
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package kinds_test

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/meta"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/randfill"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/packed"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/view"
)

// upstream holds an empty upstream object for each kind.
var upstream = map[string]runtime.Object{
	"tenantnamespaces":        &corev1.Namespace{},
	"tenantstorageclasses":    &storagev1.StorageClass{},
	"tenantingressclasses":    &networkingv1.IngressClass{},
	"tenantpriorityclasses":   &schedulingv1.PriorityClass{},
	"tenantruntimeclasses":    &nodev1.RuntimeClass{},
	"tenantnodes":             &corev1.Node{},
	"tenantpersistentvolumes": &corev1.PersistentVolume{},
}

// partitioned are the kinds that show which Tenant an object belongs to.
var partitioned = map[string]bool{"tenantnamespaces": true, "tenantpersistentvolumes": true}

// upstreamMetadata sets every field that is not deprecated.
func upstreamMetadata() metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:                       "one",
		GenerateName:               "o",
		UID:                        "2d1a9b0e-5a5c-4b35-9d0f-0f3b5c1f7a11",
		ResourceVersion:            "7",
		Generation:                 3,
		CreationTimestamp:          metav1.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC),
		DeletionTimestamp:          ptr.To(metav1.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)),
		DeletionGracePeriodSeconds: ptr.To[int64](30),
		Labels:                     map[string]string{"pool": "solar"},
		Annotations:                map[string]string{"note": "kept"},
		OwnerReferences:            []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "owner", UID: "u"}},
		Finalizers:                 []string{"example.com/hold"},
		ManagedFields:              []metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply}},
	}
}

// servedMetadata is the metadata served for upstreamMetadata, except for the uid.
func servedMetadata() metav1.ObjectMeta {
	m := upstreamMetadata()
	m.GenerateName, m.OwnerReferences, m.Finalizers, m.ManagedFields = "", nil, nil, nil
	m.UID, m.ResourceVersion = "", "42000007"
	return m
}

func newFiller() *randfill.Filler {
	return fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), serializer.NewCodecFactory(runtime.NewScheme())).NilChance(0).NumElements(1, 3)
}

// entryOf returns the entry of a filled object of the kind, and the object.
func entryOf(k *registry.Kind, fill *randfill.Filler) (*view.Entry, runtime.Object) {
	o := upstream[k.Resource].DeepCopyObject()
	fill.Fill(o)
	o.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{}) // as lists and watches deliver it
	m := o.(metav1.ObjectMetaAccessor).GetObjectMeta().(*metav1.ObjectMeta)
	*m = upstreamMetadata()
	return &view.Entry{
		Object: view.Object{
			Attributes: view.Attributes{Name: m.Name, Partition: "solar", Labels: view.NewLabels(m.Labels)},
			Version:    7,
			Value:      synthetic.Packed(o.(metav1.Object)),
		},
		Revision: 42,
	}, o
}

// If a conversion forgets a field, users do not see it and cannot know that it is set.
func TestConversionKeepsEveryField(t *testing.T) {
	for _, k := range kinds.All(kinds.Options{ListNodeImages: true}) {
		t.Run(k.Resource, func(t *testing.T) {
			fill := newFiller()
			for range 10 {
				e, o := entryOf(k, fill)
				want := fields(t, o)
				want["metadata"] = nil // compared by TestConversionOfMetadata
				if partitioned[k.Resource] {
					want["tenant"] = "solar"
				}
				for how, object := range converted(t, k, e) {
					got := fields(t, object)
					got["metadata"] = nil
					if status, ok := want["status"].(map[string]any); ok && k.Resource == "tenantnodes" {
						// They reveal the volumes of every tenant that has a Pod on the node.
						delete(status, "volumesInUse")
						delete(status, "volumesAttached")
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%s (-upstream +served):\n%s", how, diff)
					}
				}
			}
		})
	}
}

func TestConversionOfMetadata(t *testing.T) {
	uids := map[types.UID]string{upstreamMetadata().UID: "upstream"}
	for _, k := range kinds.All(kinds.Options{}) {
		fill := newFiller()
		t.Run(k.Resource, func(t *testing.T) {
			e, _ := entryOf(k, fill)
			first := metadata(t, k.Convert(e, 7))
			if other, ok := uids[first.UID]; ok {
				t.Errorf("uid %q is also that of %s: the garbage collector would take one for the other", first.UID, other)
			}
			uids[first.UID] = k.Resource
			for how, object := range converted(t, k, e) {
				got := metadata(t, object)
				want := servedMetadata()
				want.UID = first.UID // stable across conversions
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

// All requests and watchers share entries, so a conversion must not change them.
func TestConversionLeavesTheEntryAlone(t *testing.T) {
	for _, options := range []kinds.Options{{}, {ListNodeImages: true}} {
		for _, k := range kinds.All(options) {
			t.Run(k.Resource, func(t *testing.T) {
				e, _ := entryOf(k, newFiller())
				before := slices.Clone(e.Value.(packed.Object))
				attributes := e.Attributes
				attributes.Labels = slices.Clone(attributes.Labels)
				for _, object := range converted(t, k, e) {
					k.Cells(object)
					// Encoders do this to the objects that they get.
					object.GetObjectKind().SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Encoded"))
				}
				if diff := cmp.Diff(before, e.Value); diff != "" {
					t.Errorf("value (-before +after):\n%s", diff)
				}
				if diff := cmp.Diff(attributes, e.Attributes); diff != "" {
					t.Errorf("attributes (-before +after):\n%s", diff)
				}
				if e.Revision != 42 || e.Version != 7 {
					t.Errorf("revision %d, version %d", e.Revision, e.Version)
				}
			})
		}
	}
}

// converted returns the objects that a get and a list serve for an entry.
func converted(t *testing.T, k *registry.Kind, e *view.Entry) map[string]runtime.Object {
	t.Helper()
	items, err := meta.ExtractList(k.ConvertList([]*view.Entry{e}, 7))
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != 1 {
		t.Fatalf("%d items of one entry", len(items))
	}
	return map[string]runtime.Object{"get": k.Convert(e, 7), "list": items[0]}
}

func metadata(t *testing.T, o runtime.Object) metav1.ObjectMeta {
	t.Helper()
	accessor, ok := o.(metav1.ObjectMetaAccessor)
	if !ok {
		t.Fatalf("%T has no metadata", o)
	}
	return *accessor.GetObjectMeta().(*metav1.ObjectMeta)
}

// fields returns an object's fields as clients read them.
func fields(t *testing.T, o any) map[string]any {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var m map[string]any
	if err := decoder.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package packed_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/pkg/packed"
)

// full returns metadata with all that kube-apiserver delivers.
func full() metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: "a", UID: "1", ResourceVersion: "7", Generation: 2, GenerateName: "a-",
		CreationTimestamp: metav1.NewTime(time.Unix(1_800_000_000, 0)),
		Labels:            map[string]string{"pool": "solar"},
		Annotations:       map[string]string{"note": "kept", corev1.LastAppliedConfigAnnotation: "{}"},
		OwnerReferences:   []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "owner", UID: "u"}},
		Finalizers:        []string{"example.com/hold"},
		ManagedFields:     []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
	}
}

// kept returns what is left of it.
func kept() metav1.ObjectMeta {
	m := full()
	m.Annotations = map[string]string{"note": "kept"}
	m.ResourceVersion, m.GenerateName, m.OwnerReferences, m.Finalizers, m.ManagedFields = "", "", nil, nil, nil
	return m
}

func TestPackAndUnpack(t *testing.T) {
	node := corev1.NodeStatus{
		Images:   []corev1.ContainerImage{{Names: []string{"kept"}}},
		Capacity: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("3Gi")},
	}
	onlyLastApplied := metav1.ObjectMeta{Name: "a", Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: "{}"}}
	for name, tc := range map[string]struct{ object, want *corev1.Node }{
		"everything":        {&corev1.Node{ObjectMeta: full(), Status: node}, &corev1.Node{ObjectMeta: kept(), Status: node}},
		"only last applied": {&corev1.Node{ObjectMeta: onlyLastApplied}, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}}},
		"last applied is empty": {
			&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: ""}}},
			&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}},
		},
		"only a name": {&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}}},
	} {
		labels := tc.object.Labels
		o, err := packed.Pack(tc.object)
		if err != nil {
			t.Fatal(err)
		}
		got, err := packed.Unpack[corev1.Node](o, "a", labels)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMetadata(t *testing.T) {
	o, err := packed.Pack(&corev1.PersistentVolume{ObjectMeta: full()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := packed.Metadata(o)
	if err != nil {
		t.Fatal(err)
	}
	want := kept()
	want.Name, want.Labels = "", nil
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	if _, err := packed.Pack(&unstructured.Unstructured{Object: map[string]any{}}); err == nil {
		t.Error("no error for an object without an encoding")
	}
	if _, err := packed.Unpack[corev1.Node](packed.Object{1}, "a", nil); err == nil {
		t.Error("no error for an encoding that is cut short")
	}
}

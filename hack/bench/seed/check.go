// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package seed

import (
	"context"
	"fmt"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/hack/bench/world"
)

// Check compares what kube-apiserver serves with a world: the number of objects of each kind, and one object
// of each kind, which must also accept a patch. kube-apiserver has a few objects of its own.
func Check(ctx context.Context, config *rest.Config, w *world.World) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	for _, k := range w.Kinds() {
		if k.Count == 0 {
			continue
		}
		if err := checkCount(ctx, client, k); err != nil {
			return err
		}
		if err := checkObject(ctx, client, k); err != nil {
			return err
		}
	}
	return nil
}

// own is the number of objects of one kind that may exist in addition to the seeded ones: namespaces,
// priority classes and RoleBindings of the system.
const own = 30

func checkCount(ctx context.Context, client dynamic.Interface, k world.Kind) error {
	list, err := client.Resource(k.GroupVersionResource).List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return fmt.Errorf("counting %s: %w", k.Resource, err)
	}
	count := len(list.Items)
	if rest := list.GetRemainingItemCount(); rest != nil {
		count += int(*rest)
	}
	if count < k.Count || count > k.Count+own {
		return fmt.Errorf("kube-apiserver has %d %s, %d were seeded", count, k.Resource, k.Count)
	}
	return nil
}

func checkObject(ctx context.Context, client dynamic.Interface, k world.Kind) error {
	object := k.Make(k.Count / 2)
	m, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	var resource dynamic.ResourceInterface = client.Resource(k.GroupVersionResource)
	if m.GetNamespace() != "" {
		resource = client.Resource(k.GroupVersionResource).Namespace(m.GetNamespace())
	}
	got, err := resource.Get(ctx, m.GetName(), metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading a seeded object: %w", err)
	}
	if m.GetUID() != got.GetUID() {
		return fmt.Errorf("%s %s has UID %s, seeded with %s", k.Resource, m.GetName(), got.GetUID(), m.GetUID())
	}
	if diff := difference(k, object, got); diff != "" {
		return fmt.Errorf("%s %s is not what was seeded (-seeded +served):\n%s", k.Resource, m.GetName(), diff)
	}
	patch := []byte(`{"metadata":{"annotations":{"checked":"true"}}}`)
	if _, err := resource.Patch(ctx, m.GetName(), types.MergePatchType, patch, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		return fmt.Errorf("patching a seeded object: %w", err)
	}
	return nil
}

// difference compares what a user would notice: labels, owners and, of custom resources, the spec.
func difference(k world.Kind, want runtime.Object, got *unstructured.Unstructured) string {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(want)
	if err != nil {
		return err.Error()
	}
	seeded := &unstructured.Unstructured{Object: content}
	if diff := cmp.Diff(seeded.GetLabels(), got.GetLabels()); diff != "" {
		return diff
	}
	if diff := cmp.Diff(seeded.GetOwnerReferences(), got.GetOwnerReferences()); diff != "" {
		return diff
	}
	if diff := cmp.Diff(k.GroupVersionKind(), got.GroupVersionKind()); diff != "" {
		return diff
	}
	if _, custom := want.(*unstructured.Unstructured); !custom {
		return "" // kube-apiserver sets defaults
	}
	return cmp.Diff(seeded.Object["spec"], got.Object["spec"])
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// What a user changes reaches kube-apiserver, and nothing else.
func TestUpdateSendsWhatChanges(t *testing.T) {
	const pinned = `"resourceVersion":"101","uid":"uid-solar-1"`
	for name, tc := range map[string]struct {
		change func(*v1alpha1.TenantNode)
		patch  string
	}{
		"nothing":           {func(*v1alpha1.TenantNode) {}, `{"metadata":{` + pinned + `}}`},
		"a label":           {label("a", "1"), `{"metadata":{"labels":{"a":"1"},` + pinned + `}}`},
		"no labels":         {func(n *v1alpha1.TenantNode) { n.Labels = nil }, `{"metadata":{"labels":{"pool":null},` + pinned + `}}`},
		"no annotations":    {func(n *v1alpha1.TenantNode) { n.Annotations = nil }, `{"metadata":{"annotations":{"note":null},` + pinned + `}}`},
		"the spec":          {func(n *v1alpha1.TenantNode) { n.Spec.Unschedulable = true }, `{"metadata":{` + pinned + `},"spec":{"unschedulable":true}}`},
		"a field less":      {func(n *v1alpha1.TenantNode) { n.Spec.PodCIDR = "" }, `{"metadata":{` + pinned + `},"spec":{"podCIDR":null}}`},
		"a list":            {func(n *v1alpha1.TenantNode) { n.Spec.Taints = nil }, `{"metadata":{` + pinned + `},"spec":{"taints":null}}`},
		"status is ignored": {func(n *v1alpha1.TenantNode) { n.Status = corev1.NodeStatus{} }, `{"metadata":{` + pinned + `}}`},
		"managers are, too": {func(n *v1alpha1.TenantNode) { n.ManagedFields = []metav1.ManagedFieldsEntry{{}} }, `{"metadata":{` + pinned + `}}`},
		"client-side apply": {func(n *v1alpha1.TenantNode) {
			n.Annotations = map[string]string{"note": "shown", corev1.LastAppliedConfigAnnotation: "mine"}
		}, `{"metadata":{` + pinned + `}}`},
		"times left out":     {func(n *v1alpha1.TenantNode) { n.CreationTimestamp = metav1.Time{} }, `{"metadata":{` + pinned + `}}`},
		"no resourceVersion": {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "" }, `{"metadata":{` + pinned + `}}`},
		"no uid":             {func(n *v1alpha1.TenantNode) { n.UID = "" }, `{"metadata":{` + pinned + `}}`},
	} {
		f := newNodeFixture(t)
		if _, err := f.update(as("alice"), "solar-1", tc.change); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := []string{"alice patch solar-1 application/merge-patch+json " + tc.patch}
		if diff := cmp.Diff(want, f.api.written); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUpdatesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.TenantNode)
		code    int32
		message string
	}{
		"finalizers":           {func(n *v1alpha1.TenantNode) { n.Finalizers = []string{"a/b"} }, 422, "metadata.finalizers: Forbidden: this field"},
		"ownerReferences":      {func(n *v1alpha1.TenantNode) { n.OwnerReferences = []metav1.OwnerReference{{}} }, 422, "metadata.ownerReferences: Forbidden: this field"},
		"name":                 {func(n *v1alpha1.TenantNode) { n.Name = "wind-1" }, 422, "metadata.name: Invalid value"},
		"generateName":         {func(n *v1alpha1.TenantNode) { n.GenerateName = "x" }, 422, "metadata.generateName: Invalid value"},
		"creationTimestamp":    {func(n *v1alpha1.TenantNode) { n.CreationTimestamp = metav1.Now() }, 422, "metadata.creationTimestamp: Invalid value"},
		"deletionTimestamp":    {func(n *v1alpha1.TenantNode) { n.DeletionTimestamp = ptr.To(metav1.Now()) }, 422, "metadata.deletionTimestamp: Invalid value"},
		"uid":                  {func(n *v1alpha1.TenantNode) { n.UID = "other" }, 409, "Precondition failed: UID"},
		"the upstream uid":     {func(n *v1alpha1.TenantNode) { n.UID = "uid-solar-1" }, 409, "Precondition failed: UID"},
		"the upstream version": {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "101" }, 409, "the object has been modified"},
		"a version before":     {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "100" + digits }, 409, "the object has been modified"},
		"a version to come":    {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "900" + digits }, 409, "the object has been modified"},
		"another server's":     {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "101999999" }, 409, "the resourceVersion 101999999 was given by another replica of the server, or before a restart; get the object again"},
		"no number":            {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "x" }, 400, "metadata.resourceVersion"},
	} {
		f := newNodeFixture(t)
		_, err := f.update(as("alice"), "solar-1", tc.change)
		if code := codeOf(t, err); code != tc.code || !strings.Contains(err.Error(), tc.message) || !strings.Contains(err.Error(), `"solar-1"`) && tc.code != 400 {
			t.Errorf("%s: code %d: %v", name, code, err)
		}
		if len(f.api.written) > 0 {
			t.Errorf("%s: kube-apiserver was asked %v", name, f.api.written)
		}
	}
}

// A client that has read an object can write it with what it has read, whether from a get, a list or an
// event.
func TestResourceVersionsThatFit(t *testing.T) {
	f := newNodeFixture(t)
	got, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// A grant reveals it to another user: the event has the revision of that change.
	f.grant("bea", view.Label("pool", "solar"), listAndGet|view.OpUpdate)
	revealed := fmt.Sprint(f.view.Revision()) + digits
	for user, version := range map[string]string{"alice": got.(*v1alpha1.TenantNode).ResourceVersion, "bea": revealed, "uma": "0"} {
		changed, err := f.update(as(user), "solar-1", func(n *v1alpha1.TenantNode) {
			n.ResourceVersion = version
			label("by", user)(n)
		})
		if err != nil {
			t.Fatalf("%s with %s: %v", user, version, err)
		}
		now, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(now, runtime.Object(changed)); diff != "" {
			t.Errorf("%s: a get after the write differs from its answer (-get +answer):\n%s", user, diff)
		}
		f.api.store(newNode("solar-1", "solar"))
		if _, err := f.update(as(user), "solar-1", func(n *v1alpha1.TenantNode) { n.ResourceVersion = changed.ResourceVersion }); codeOf(t, err) != 409 {
			t.Errorf("%s: a write with the version before: %v", user, err)
		}
		f = newNodeFixture(t)
		f.grant("bea", view.Label("pool", "solar"), listAndGet|view.OpUpdate)
	}
}

func TestOptionsArePassedOn(t *testing.T) {
	f := newNodeFixture(t)
	ctx := registry.WithWriteRequest(as("alice"), registry.WriteRequest{UserAgent: "kube\x01ctl/v1 (linux)"})
	before := f.api.nodes["solar-1"]
	got, err := f.updateWith(ctx, "solar-1", label("a", "1"), &metav1.UpdateOptions{DryRun: []string{"All"}, FieldValidation: "Strict"})
	if err != nil || got.Labels["a"] != "1" || got.Annotations[corev1.LastAppliedConfigAnnotation] != "" || f.api.nodes["solar-1"] != before {
		t.Errorf("a dry run: %v, %v", got, err)
	}
	want := metav1.PatchOptions{DryRun: []string{"All"}, FieldValidation: "Strict", FieldManager: "kubectl"}
	if diff := cmp.Diff(want, f.api.patch); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if _, err := f.updateWith(ctx, "solar-1", label("a", "1"), &metav1.UpdateOptions{FieldManager: "me"}); err != nil || f.api.patch.FieldManager != "me" {
		t.Errorf("manager %q, %v", f.api.patch.FieldManager, err)
	}
	options := metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](7), PropagationPolicy: ptr.To(metav1.DeletePropagationForeground), DryRun: []string{"All"}}
	if _, _, err := f.Delete(ctx, "solar-1", nil, &options); err != nil {
		t.Fatal(err)
	}
	options.Preconditions = f.api.deletion.Preconditions
	if diff := cmp.Diff(options, f.api.deletion); diff != "" {
		t.Errorf("options of the deletion (-want +got):\n%s", diff)
	}
}

// Whatever a user sends, what is not shown stays as it is.
func TestHiddenFieldsStay(t *testing.T) {
	hidden := func(n *corev1.Node) string {
		data, err := json.Marshal([]any{n.Finalizers, n.OwnerReferences, n.ManagedFields, n.Annotations[corev1.LastAppliedConfigAnnotation], n.UID, n.Status})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	f := newNodeFixture(t)
	want := hidden(f.api.nodes["solar-1"])
	everything := func(n *v1alpha1.TenantNode) {
		kept := n.ObjectMeta
		*n = v1alpha1.TenantNode{ObjectMeta: metav1.ObjectMeta{Name: kept.Name, Labels: map[string]string{"pool": "solar"}}}
	}
	for range 3 {
		for _, change := range []func(*v1alpha1.TenantNode){label("a", "1"), everything, func(n *v1alpha1.TenantNode) { n.Annotations = map[string]string{} }} {
			got, err := f.update(as("alice"), "solar-1", change)
			if err != nil {
				t.Fatal(err)
			}
			if now := hidden(f.api.nodes["solar-1"]); now != want {
				t.Fatalf("got  %s\nwant %s", now, want)
			}
			if got.Annotations[corev1.LastAppliedConfigAnnotation] != "" || got.Finalizers != nil || got.Status.Images != nil {
				t.Errorf("the answer shows what a view leaves out: %v", got)
			}
		}
	}
}

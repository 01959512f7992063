// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/viewreview"
)

// A review says that a user may write what his grants allow if and only if the server serves writes.
func TestReviewsKnowWhetherWritesAreOn(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	for _, document := range []string{
		`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gold}}`,
		`{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: solar}, spec: {storageClasses: {allowed: [gold]},
			owners: [{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List, Update]}]}]}}`,
	} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		f.Put(o)
	}
	f.Cluster.GoLive()
	all := kinds.All(kinds.Options{})
	write, err := newWriting(&rest.Config{Host: "https://localhost"}, all)
	if err != nil {
		t.Fatal(err)
	}
	shared := registry.Config{Viewers: f.Cluster, ServerID: registry.NewServerID(), Synced: func() bool { return true }}
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "alice"})
	for _, write := range []*writing{nil, write} {
		storage := storageOf(all, f.Cluster, shared, write)
		reviews := storage[viewreview.SelfResource].(genericregistry.Creater) //nolint:misspell // its name in k8s.io/apiserver
		for op, granted := range map[string]bool{"Update": true, "Delete": false} {
			review := &v1alpha1.SelfTenantViewReview{Spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "storageclasses", Name: "gold", Operation: op}}
			got, err := reviews.Create(ctx, review, nil, &metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			status := got.(*v1alpha1.SelfTenantViewReview).Status
			if want := granted && write != nil; status.Allowed != want {
				t.Errorf("writes are on: %v, %s: allowed %v, want %v: %q", write != nil, op, status.Allowed, want, status.Reasons)
			}
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package sample

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// The numbers and names in the status of the Tenants are written by hand and could silently go stale.
func TestTenantsNameTheirNamespaces(t *testing.T) {
	namespaces, err := read("namespaces.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]bool{}
	for _, namespace := range namespaces {
		if tenant := namespace.GetLabels()[tenantLabel]; tenant != "" {
			if want[tenant] == nil {
				want[tenant] = map[string]bool{}
			}
			want[tenant][namespace.GetName()] = true
		}
	}
	tenants, err := read("tenants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]bool{}
	for _, tenant := range tenants {
		names, _, err := unstructured.NestedStringSlice(tenant.Object, "status", "namespaces")
		if err != nil {
			t.Fatal(err)
		}
		got[tenant.GetName()] = map[string]bool{}
		for _, name := range names {
			got[tenant.GetName()][name] = true
		}
		if size, _, err := unstructured.NestedInt64(tenant.Object, "status", "size"); err != nil || size != int64(len(names)) {
			t.Errorf("%s: size %d, %v, expected %d", tenant.GetName(), size, err, len(names))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamespacesBelongToTheirTenant(t *testing.T) {
	namespaces, err := read("namespaces.yaml")
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string]types.UID{"solar": "1", "wind": "2"}
	got := map[string][]metav1.OwnerReference{}
	for _, namespace := range namespaces {
		own(namespace, uids)
		got[namespace.GetName()] = namespace.GetOwnerReferences()
	}
	owner := func(tenant string, uid types.UID) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: tenant, UID: uid}}
	}
	want := map[string][]metav1.OwnerReference{
		"solar-web": owner("solar", "1"), "solar-db": owner("solar", "1"), "solar-ci": owner("solar", "1"),
		"wind-prod": owner("wind", "2"), "wind-dev": owner("wind", "2"),
		"monitoring": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The demo waits for this number.
func TestNodesOfSolar(t *testing.T) {
	n := 0
	for _, node := range nodes() {
		if node.GetLabels()["pool"] == "solar" {
			n++
		}
	}
	if n != NodesOfSolar {
		t.Errorf("%d nodes are in the pool of solar, NodesOfSolar is %d", n, NodesOfSolar)
	}
}

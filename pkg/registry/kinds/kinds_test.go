// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package kinds_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/kinds"
)

// names are the names of a kind for users, rules and proxySettings.
type names struct {
	Kind, List, Resource, Singular, ShortName, ProxySetting string
	Upstream                                                string
}

// These names are part of the API: users of kubectl, Tenants and ProxySettings depend on them.
func TestAll(t *testing.T) {
	want := []names{
		{"TenantNamespace", "TenantNamespaceList", "tenantnamespaces", "tenantnamespace", "tns", "", "/v1, Resource=namespaces"},
		{"TenantStorageClass", "TenantStorageClassList", "tenantstorageclasses", "tenantstorageclass", "tsc", "StorageClasses", "storage.k8s.io/v1, Resource=storageclasses"},
		{"TenantIngressClass", "TenantIngressClassList", "tenantingressclasses", "tenantingressclass", "tic", "IngressClasses", "networking.k8s.io/v1, Resource=ingressclasses"},
		{"TenantPriorityClass", "TenantPriorityClassList", "tenantpriorityclasses", "tenantpriorityclass", "tpc", "PriorityClasses", "scheduling.k8s.io/v1, Resource=priorityclasses"},
		{"TenantRuntimeClass", "TenantRuntimeClassList", "tenantruntimeclasses", "tenantruntimeclass", "trc", "RuntimeClasses", "node.k8s.io/v1, Resource=runtimeclasses"},
		{"TenantNode", "TenantNodeList", "tenantnodes", "tenantnode", "tno", "Nodes", "/v1, Resource=nodes"},
		{"TenantPersistentVolume", "TenantPersistentVolumeList", "tenantpersistentvolumes", "tenantpersistentvolume", "tpv", "PersistentVolumes", "/v1, Resource=persistentvolumes"},
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	var got []names
	for _, k := range kinds.All(kinds.Options{}) {
		got = append(got, names{
			Kind:         kindOf(t, scheme, k.New()),
			List:         kindOf(t, scheme, k.NewList()),
			Resource:     k.Resource,
			Singular:     k.Singular,
			ShortName:    strings.Join(k.ShortNames, ","),
			ProxySetting: k.ProxySetting,
			Upstream:     k.Upstream.String(),
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func kindOf(t *testing.T, scheme *runtime.Scheme, o runtime.Object) string {
	t.Helper()
	found, _, err := scheme.ObjectKinds(o)
	if err != nil {
		t.Fatal(err)
	}
	return found[0].Kind
}

// If a row had more or fewer cells than columns, kubectl would print values under the wrong
// heading. A panic on an object without any field would take the server down.
func TestEveryColumnHasACell(t *testing.T) {
	for _, k := range kinds.All(kinds.Options{}) {
		t.Run(k.Resource, func(t *testing.T) {
			if got, want := len(k.Cells(k.New())), len(k.Columns); got != want {
				t.Errorf("%d cells for %d columns", got, want)
			}
		})
	}
}

// In JSON, nil items would be null, but clients expect an array.
func TestAListOfNothingHasItems(t *testing.T) {
	for _, k := range kinds.All(kinds.Options{}) {
		t.Run(k.Resource, func(t *testing.T) {
			data, err := json.Marshal(k.ConvertList(nil, 0))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(data), `{"metadata":{},"items":[]}`; got != want {
				t.Errorf("list is %s, want %s", got, want)
			}
		})
	}
}

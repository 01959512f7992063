// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package kinds_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/view"
)

// For namespaces and volumes, a Tenant sees exactly the objects that belong to it. Its settings for
// classes and nodes do not matter, nor do the objects' labels.
func TestObjectsThatBelongToATenant(t *testing.T) {
	objects := []view.Attributes{
		{Name: "ours", Partition: "solar"},
		{Name: "theirs", Partition: "wind", Labels: view.NewLabels(map[string]string{"pool": "solar", capsule.TenantLabel: "solar"})},
		{Name: "nobodys", Labels: view.NewLabels(map[string]string{"pool": "solar", capsule.TenantLabel: "solar"})},
		{Name: "solar"},
	}
	cases := map[string]struct {
		tenant string
		spec   capsule.TenantSpec
		policy grants.Policy
		want   []string
	}{
		"by default":      {tenant: "solar", policy: grants.DefaultPolicy(), want: []string{"ours"}},
		"another tenant":  {tenant: "wind", policy: grants.DefaultPolicy(), want: []string{"theirs"}},
		"nothing unset":   {tenant: "solar", policy: grants.CapsuleProxyPolicy(), want: []string{"ours"}},
		"without objects": {tenant: "water", policy: grants.DefaultPolicy()},
		// A Tenant without a name must not get the objects that belong to no tenant.
		"without a name": {policy: grants.DefaultPolicy()},
		"with a spec": {
			tenant: "solar",
			spec: capsule.TenantSpec{
				NodeSelector:   map[string]string{"pool": "solar"},
				StorageClasses: &capsule.ClassList{Allowed: []string{"theirs", "nobodys"}},
			},
			policy: grants.DefaultPolicy(),
			want:   []string{"ours"},
		},
	}
	for _, k := range kinds.All(kinds.Options{}) {
		if !partitioned[k.Resource] {
			continue
		}
		for name, tc := range cases {
			t.Run(k.Resource+"/"+name, func(t *testing.T) {
				tenant := &capsule.Tenant{Meta: capsule.Meta{Name: tc.tenant}, Spec: tc.spec}
				got, problems := selection(k, tenant, &tc.policy, objects)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("objects (-want +got):\n%s", diff)
				}
				if problems != nil {
					t.Errorf("problems: %v", problems)
				}
			})
		}
	}
}

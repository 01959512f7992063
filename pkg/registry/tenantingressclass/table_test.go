// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantingressclass_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/tenantingressclass"
)

// month is the creation time of an object that is 30 days old.
var month = metav1.NewTime(time.Now().Add(-30*24*time.Hour - time.Minute))

// kubectl prints cells in the order of the columns, and those of priority 1 only with -o wide.
func TestColumns(t *testing.T) {
	want := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"},
		{Name: "Controller", Type: "string"},
		{Name: "Parameters", Type: "string"},
		{Name: "Age", Type: "string"},
	}
	got := slices.Clone(tenantingressclass.Kind().Columns)
	for i := range got {
		if got[i].Description == "" {
			t.Errorf("column %s has no description", got[i].Name)
		}
		got[i].Description = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestCells(t *testing.T) {
	cases := map[string]struct {
		object v1alpha1.TenantIngressClass
		want   []any
	}{
		"without parameters": {
			object: v1alpha1.TenantIngressClass{
				ObjectMeta: metav1.ObjectMeta{Name: "public", CreationTimestamp: month},
				Spec:       networkingv1.IngressClassSpec{Controller: "example.com/ingress"},
			},
			want: []any{"public", "example.com/ingress", "<none>", "30d"},
		},
		"the default class": {
			object: v1alpha1.TenantIngressClass{ObjectMeta: metav1.ObjectMeta{
				Name:        "public",
				Annotations: map[string]string{"ingressclass.kubernetes.io/is-default-class": "true"},
			}},
			want: []any{"public (default)", "", "<none>", "<unknown>"},
		},
		"no longer the default class": {
			object: v1alpha1.TenantIngressClass{ObjectMeta: metav1.ObjectMeta{
				Name:        "public",
				Annotations: map[string]string{"ingressclass.kubernetes.io/is-default-class": "false"},
			}},
			want: []any{"public", "", "<none>", "<unknown>"},
		},
		"parameters of the core group": {
			object: v1alpha1.TenantIngressClass{
				ObjectMeta: metav1.ObjectMeta{Name: "public"},
				Spec: networkingv1.IngressClassSpec{
					Controller: "example.com/ingress",
					Parameters: &networkingv1.IngressClassParametersReference{Kind: "ConfigMap", Name: "public"},
				},
			},
			want: []any{"public", "example.com/ingress", "ConfigMap/public", "<unknown>"},
		},
		"parameters of a namespace, which kubectl does not print": {
			object: v1alpha1.TenantIngressClass{
				ObjectMeta: metav1.ObjectMeta{Name: "public"},
				Spec: networkingv1.IngressClassSpec{
					Controller: "example.com/ingress",
					Parameters: &networkingv1.IngressClassParametersReference{
						APIGroup:  ptr.To("example.com"),
						Kind:      "Proxy",
						Name:      "public",
						Scope:     ptr.To(networkingv1.IngressClassParametersReferenceScopeNamespace),
						Namespace: ptr.To("proxies"),
					},
				},
			},
			want: []any{"public", "example.com/ingress", "Proxy.example.com/public", "<unknown>"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tenantingressclass.Kind().Cells(&tc.object)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

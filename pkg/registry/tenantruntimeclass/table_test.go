// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantruntimeclass_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/tenantruntimeclass"
)

// month is the creation time of an object that is 30 days old.
var month = metav1.NewTime(time.Now().Add(-30*24*time.Hour - time.Minute))

// kubectl prints cells in the order of the columns, and those of priority 1 only with -o wide.
func TestColumns(t *testing.T) {
	want := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"},
		{Name: "Handler", Type: "string"},
		{Name: "Age", Type: "string"},
	}
	got := slices.Clone(tenantruntimeclass.Kind().Columns)
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
		object v1alpha1.TenantRuntimeClass
		want   []any
	}{
		"a class": {
			object: v1alpha1.TenantRuntimeClass{
				ObjectMeta: metav1.ObjectMeta{Name: "sandboxed", CreationTimestamp: month},
				Handler:    "kata",
			},
			want: []any{"sandboxed", "kata", "30d"},
		},
		"without a time": {
			object: v1alpha1.TenantRuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "plain"}, Handler: "runc"},
			want:   []any{"plain", "runc", "<unknown>"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tenantruntimeclass.Kind().Cells(&tc.object)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

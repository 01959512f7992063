// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantpriorityclass_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/tenantpriorityclass"
)

// month is the creation time of an object that is 30 days old.
var month = metav1.NewTime(time.Now().Add(-30*24*time.Hour - time.Minute))

// kubectl prints cells in the order of the columns, and those of priority 1 only with -o wide.
func TestColumns(t *testing.T) {
	want := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"},
		{Name: "Value", Type: "integer"},
		{Name: "Global-Default", Type: "boolean"},
		{Name: "Age", Type: "string"},
		{Name: "PreemptionPolicy", Type: "string"},
	}
	got := slices.Clone(tenantpriorityclass.Kind().Columns)
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
		object v1alpha1.TenantPriorityClass
		want   []any
	}{
		"without a preemption policy": {
			object: v1alpha1.TenantPriorityClass{
				ObjectMeta:  metav1.ObjectMeta{Name: "batch", CreationTimestamp: month},
				Value:       -10,
				Description: "may wait",
			},
			want: []any{"batch", int64(-10), false, "30d", ""},
		},
		"all set": {
			object: v1alpha1.TenantPriorityClass{
				ObjectMeta:       metav1.ObjectMeta{Name: "normal", CreationTimestamp: month},
				Value:            1_000_000_000,
				GlobalDefault:    true,
				PreemptionPolicy: ptr.To(corev1.PreemptNever),
			},
			want: []any{"normal", int64(1_000_000_000), true, "30d", "Never"},
		},
		"without a time": {
			object: v1alpha1.TenantPriorityClass{
				ObjectMeta:       metav1.ObjectMeta{Name: "zero"},
				PreemptionPolicy: ptr.To(corev1.PreemptLowerPriority),
			},
			want: []any{"zero", int64(0), false, "<unknown>", "PreemptLowerPriority"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tenantpriorityclass.Kind().Cells(&tc.object)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

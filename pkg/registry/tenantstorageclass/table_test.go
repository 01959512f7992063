// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantstorageclass_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/tenantstorageclass"
)

// month is the creation time of an object that is 30 days old.
var month = metav1.NewTime(time.Now().Add(-30*24*time.Hour - time.Minute))

// kubectl prints cells in the order of the columns, and those of priority 1 only with -o wide.
func TestColumns(t *testing.T) {
	want := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"},
		{Name: "Provisioner", Type: "string"},
		{Name: "ReclaimPolicy", Type: "string"},
		{Name: "VolumeBindingMode", Type: "string"},
		{Name: "AllowVolumeExpansion", Type: "string"},
		{Name: "Age", Type: "string"},
	}
	got := slices.Clone(tenantstorageclass.Kind().Columns)
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
		object v1alpha1.TenantStorageClass
		want   []any
	}{
		"what a class leaves out has Kubernetes' defaults": {
			object: v1alpha1.TenantStorageClass{
				ObjectMeta:  metav1.ObjectMeta{Name: "gold", CreationTimestamp: month},
				Provisioner: "csi.example.com",
			},
			want: []any{"gold", "csi.example.com", "Delete", "Immediate", false, "30d"},
		},
		"all set": {
			object: v1alpha1.TenantStorageClass{
				ObjectMeta:           metav1.ObjectMeta{Name: "silver", CreationTimestamp: month},
				Provisioner:          "csi.example.com",
				ReclaimPolicy:        ptr.To(corev1.PersistentVolumeReclaimRetain),
				VolumeBindingMode:    ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
				AllowVolumeExpansion: ptr.To(true),
			},
			want: []any{"silver", "csi.example.com", "Retain", "WaitForFirstConsumer", true, "30d"},
		},
		"the default class": {
			object: v1alpha1.TenantStorageClass{ObjectMeta: metav1.ObjectMeta{
				Name:        "gold",
				Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
			}},
			want: []any{"gold (default)", "", "Delete", "Immediate", false, "<unknown>"},
		},
		"the default class by the beta annotation": {
			object: v1alpha1.TenantStorageClass{ObjectMeta: metav1.ObjectMeta{
				Name: "gold",
				Annotations: map[string]string{
					"storageclass.kubernetes.io/is-default-class":      "false",
					"storageclass.beta.kubernetes.io/is-default-class": "true",
				},
			}},
			want: []any{"gold (default)", "", "Delete", "Immediate", false, "<unknown>"},
		},
		"no longer the default class": {
			object: v1alpha1.TenantStorageClass{ObjectMeta: metav1.ObjectMeta{
				Name:        "gold",
				Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "false"},
			}},
			want: []any{"gold", "", "Delete", "Immediate", false, "<unknown>"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tenantstorageclass.Kind().Cells(&tc.object)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

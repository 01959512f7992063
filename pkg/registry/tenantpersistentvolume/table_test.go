// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantpersistentvolume_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/tenantpersistentvolume"
)

// month is the creation time of an object that is 30 days old.
var month = metav1.NewTime(time.Now().Add(-30*24*time.Hour - time.Minute))

// kubectl prints cells in the order of the columns, and those of priority 1 only with -o wide.
func TestColumns(t *testing.T) {
	want := []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"},
		{Name: "Capacity", Type: "string"},
		{Name: "Access Modes", Type: "string"},
		{Name: "Reclaim Policy", Type: "string"},
		{Name: "Status", Type: "string"},
		{Name: "Claim", Type: "string"},
		{Name: "StorageClass", Type: "string"},
		{Name: "VolumeAttributesClass", Type: "string"},
		{Name: "Reason", Type: "string"},
		{Name: "Age", Type: "string"},
		{Name: "Tenant", Type: "string"},
		{Name: "VolumeMode", Type: "string", Priority: 1},
	}
	got := slices.Clone(tenantpersistentvolume.Kind().Columns)
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
		object v1alpha1.TenantPersistentVolume
		want   []any
	}{
		"bound to a claim of a tenant": {
			object: v1alpha1.TenantPersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "pv-1", CreationTimestamp: month},
				Spec: corev1.PersistentVolumeSpec{
					Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1024Mi")},
					AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
					PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
					ClaimRef:                      &corev1.ObjectReference{Namespace: "solar-a", Name: "data"},
					StorageClassName:              "gold",
					VolumeAttributesClassName:     ptr.To("fast"),
					VolumeMode:                    ptr.To(corev1.PersistentVolumeBlock),
				},
				Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeBound},
				Tenant: "solar",
			},
			want: []any{"pv-1", "1Gi", "RWO", "Delete", "Bound", "solar-a/data", "gold", "fast", "", "30d", "solar", "Block"},
		},
		"nothing set": {
			object: v1alpha1.TenantPersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv-2"}},
			want:   []any{"pv-2", "0", "", "", "", "", "", "<unset>", "", "<unknown>", "", "<unset>"},
		},
		"failed": {
			object: v1alpha1.TenantPersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "pv-3"},
				Spec:       corev1.PersistentVolumeSpec{PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRecycle},
				Status:     corev1.PersistentVolumeStatus{Phase: corev1.VolumeFailed, Reason: "RecycleFailed", Message: "not shown"},
			},
			want: []any{"pv-3", "0", "", "Recycle", "Failed", "", "", "<unset>", "RecycleFailed", "<unknown>", "", "<unset>"},
		},
		"being deleted": {
			object: v1alpha1.TenantPersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "pv-4", DeletionTimestamp: &month},
				Status:     corev1.PersistentVolumeStatus{Phase: corev1.VolumeReleased},
			},
			want: []any{"pv-4", "0", "", "", "Terminating", "", "", "<unset>", "", "<unknown>", "", "<unset>"},
		},
		"access modes in kubectl's order, each once": {
			object: v1alpha1.TenantPersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "pv-5"},
				Spec: corev1.PersistentVolumeSpec{AccessModes: []corev1.PersistentVolumeAccessMode{
					corev1.ReadWriteOncePod, corev1.ReadWriteMany, corev1.ReadOnlyMany, corev1.ReadWriteOnce,
					corev1.ReadWriteMany, "Unheard",
				}},
			},
			want: []any{"pv-5", "0", "RWO,ROX,RWX,RWOP", "", "", "", "", "<unset>", "", "<unknown>", "", "<unset>"},
		},
		"the annotation of old names the class": {
			object: v1alpha1.TenantPersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "pv-6", Annotations: map[string]string{"volume.beta.kubernetes.io/storage-class": "old"}},
				Spec:       corev1.PersistentVolumeSpec{StorageClassName: "gold", VolumeAttributesClassName: ptr.To("")},
			},
			want: []any{"pv-6", "0", "", "", "", "", "old", "", "", "<unknown>", "", "<unset>"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tenantpersistentvolume.Kind().Cells(&tc.object)); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		})
	}
}

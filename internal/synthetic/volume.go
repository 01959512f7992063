// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// PersistentVolume returns a volume that is bound to a claim in a namespace of a Tenant. It has the label
// that Capsule puts on such volumes.
func PersistentVolume(i int, namespace, tenant string) *corev1.PersistentVolume {
	name := fmt.Sprintf("pvc-%s", uid("claim", i))
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: uid("volume", i), CreationTimestamp: Created,
			Labels:      map[string]string{capsule.TenantLabel: tenant},
			Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": "csi.example.com"},
			Finalizers:  []string{"kubernetes.io/pv-protection"},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:    corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				CSI: &corev1.CSIPersistentVolumeSource{Driver: "csi.example.com", VolumeHandle: name, FSType: "ext4"},
			},
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: namespace, Name: fmt.Sprintf("data-%d", i), UID: uid("claim", i),
			},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			StorageClassName:              StorageClassName(0),
			VolumeMode:                    ptr.To(corev1.PersistentVolumeFilesystem),
		},
		Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeBound},
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantpersistentvolume

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

// docs and statusDocs describe the fields of the upstream kind.
var (
	docs       = corev1.PersistentVolumeSpec{}.SwaggerDoc()
	statusDocs = corev1.PersistentVolumeStatus{}.SwaggerDoc()
)

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Capacity", Type: "string", Description: docs["capacity"]},
	{Name: "Access Modes", Type: "string", Description: docs["accessModes"]},
	{Name: "Reclaim Policy", Type: "string", Description: docs["persistentVolumeReclaimPolicy"]},
	{Name: "Status", Type: "string", Description: statusDocs["phase"]},
	{Name: "Claim", Type: "string", Description: docs["claimRef"]},
	{Name: "StorageClass", Type: "string", Description: docs["storageClassName"]},
	{Name: "VolumeAttributesClass", Type: "string", Description: docs["volumeAttributesClassName"]},
	{Name: "Reason", Type: "string", Description: statusDocs["reason"]},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	{Name: "Tenant", Type: "string", Description: "The Tenant that the volume belongs to"},
	{Name: "VolumeMode", Type: "string", Priority: 1, Description: docs["volumeMode"]},
}

func cells(o runtime.Object) []any {
	pv := o.(*v1alpha1.TenantPersistentVolume)
	return []any{
		pv.Name,
		pv.Spec.Capacity.Storage().String(),
		accessModes(pv.Spec.AccessModes),
		string(pv.Spec.PersistentVolumeReclaimPolicy),
		status(pv),
		claim(pv.Spec.ClaimRef),
		storageClass(pv),
		ptr.Deref(pv.Spec.VolumeAttributesClassName, "<unset>"),
		pv.Status.Reason,
		registry.Age(pv.CreationTimestamp),
		pv.Tenant,
		string(ptr.Deref(pv.Spec.VolumeMode, "<unset>")),
	}
}

// shortModes are the access modes as kubectl prints them, in the same order.
var shortModes = []struct {
	mode  corev1.PersistentVolumeAccessMode
	short string
}{
	{corev1.ReadWriteOnce, "RWO"},
	{corev1.ReadOnlyMany, "ROX"},
	{corev1.ReadWriteMany, "RWX"},
	{corev1.ReadWriteOncePod, "RWOP"},
}

func accessModes(modes []corev1.PersistentVolumeAccessMode) string {
	var found []string
	for _, m := range shortModes {
		if slices.Contains(modes, m.mode) {
			found = append(found, m.short)
		}
	}
	return strings.Join(found, ",")
}

func status(pv *v1alpha1.TenantPersistentVolume) string {
	if pv.DeletionTimestamp != nil {
		return "Terminating"
	}
	return string(pv.Status.Phase)
}

func claim(ref *corev1.ObjectReference) string {
	if ref == nil {
		return ""
	}
	return ref.Namespace + "/" + ref.Name
}

// storageClass returns the volume's class. It prefers the beta annotation, as Kubernetes still does.
func storageClass(pv *v1alpha1.TenantPersistentVolume) string {
	if class, ok := pv.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return class
	}
	return pv.Spec.StorageClassName
}

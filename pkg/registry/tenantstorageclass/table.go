// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantstorageclass

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

// docs describes the fields of the upstream kind.
var docs = storagev1.StorageClass{}.SwaggerDoc()

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Provisioner", Type: "string", Description: docs["provisioner"]},
	{Name: "ReclaimPolicy", Type: "string", Description: docs["reclaimPolicy"]},
	{Name: "VolumeBindingMode", Type: "string", Description: docs["volumeBindingMode"]},
	{Name: "AllowVolumeExpansion", Type: "string", Description: docs["allowVolumeExpansion"]},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
}

func cells(o runtime.Object) []any {
	class := o.(*v1alpha1.TenantStorageClass)
	name := class.Name
	if isDefault(class.Annotations) {
		name += " (default)"
	}
	return []any{
		name,
		class.Provisioner,
		string(ptr.Deref(class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)),
		string(ptr.Deref(class.VolumeBindingMode, storagev1.VolumeBindingImmediate)),
		ptr.Deref(class.AllowVolumeExpansion, false),
		registry.Age(class.CreationTimestamp),
	}
}

// isDefault returns whether the class is the default for claims without a class. Kubernetes still
// honours the beta name of the annotation.
func isDefault(annotations map[string]string) bool {
	return annotations["storageclass.kubernetes.io/is-default-class"] == "true" ||
		annotations["storageclass.beta.kubernetes.io/is-default-class"] == "true"
}

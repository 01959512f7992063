// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// tiers is the number of values of the label "tier" of classes.
const tiers = 5

// StorageClassName returns the name of a StorageClass. The first is "standard", which each Tenant allows.
func StorageClassName(i int) string {
	if i == 0 {
		return "standard"
	}
	return className("storage", i)
}

// StorageClass returns a StorageClass of a CSI driver.
func StorageClass(i int) *storagev1.StorageClass {
	class := &storagev1.StorageClass{
		ObjectMeta:           classMeta("storageclass", StorageClassName(i), i),
		Provisioner:          "csi.example.com",
		Parameters:           map[string]string{"type": fmt.Sprintf("tier-%d", i%tiers), "csi.storage.k8s.io/fstype": "ext4"},
		ReclaimPolicy:        ptr.To(corev1.PersistentVolumeReclaimDelete),
		VolumeBindingMode:    ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
		AllowVolumeExpansion: ptr.To(true),
	}
	if i == 0 {
		class.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	}
	return class
}

// IngressClass returns an IngressClass.
func IngressClass(i int) *networkingv1.IngressClass {
	return &networkingv1.IngressClass{
		ObjectMeta: classMeta("ingressclass", className("ingress", i), i),
		Spec:       networkingv1.IngressClassSpec{Controller: "example.com/ingress-controller"},
	}
}

// PriorityClass returns a PriorityClass.
func PriorityClass(i int) *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{
		ObjectMeta:       classMeta("priorityclass", className("priority", i), i),
		Value:            int32(1000 * (i + 1)),
		Description:      "What is more important than the class before",
		PreemptionPolicy: ptr.To(corev1.PreemptLowerPriority),
	}
}

// RuntimeClass returns a RuntimeClass.
func RuntimeClass(i int) *nodev1.RuntimeClass {
	return &nodev1.RuntimeClass{ObjectMeta: classMeta("runtimeclass", className("runtime", i), i), Handler: "runc"}
}

func className(kind string, i int) string { return fmt.Sprintf("%s-%02d", kind, i) }

func classMeta(kind, name string, i int) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, UID: uid(kind, i), CreationTimestamp: Created, Generation: 1,
		Labels: map[string]string{"tier": fmt.Sprint(i % tiers), "app.kubernetes.io/managed-by": "gitops"},
	}
}

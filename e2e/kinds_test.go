// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	typed "capsule.dev/tenantview/pkg/generated/clientset/versioned/typed/tenantview/v1alpha1"
)

// kind is one of the kinds that are served.
type kind struct {
	testcluster.Served
	short string
	// list and get use the generated clientset. newList and newObject return empty results of their types.
	list      func(context.Context, typed.TenantviewV1alpha1Interface) (runtime.Object, error)
	get       func(context.Context, typed.TenantviewV1alpha1Interface, string) (runtime.Object, error)
	newList   func() runtime.Object
	newObject func() runtime.Object
}

// client is the common interface of the generated clients of all kinds.
type client[T, L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Get(context.Context, string, metav1.GetOptions) (T, error)
}

func newKind[T, L runtime.Object](upstreamKind, short string, newObject func() runtime.Object,
	newList func() runtime.Object, of func(typed.TenantviewV1alpha1Interface) client[T, L],
) kind {
	return kind{
		Served: testcluster.NewServed(upstreamKind), short: short,
		list: func(ctx context.Context, c typed.TenantviewV1alpha1Interface) (runtime.Object, error) {
			return of(c).List(ctx, metav1.ListOptions{})
		},
		get: func(ctx context.Context, c typed.TenantviewV1alpha1Interface, name string) (runtime.Object, error) {
			return of(c).Get(ctx, name, metav1.GetOptions{})
		},
		newObject: newObject, newList: newList,
	}
}

// kinds are all kinds that are served.
var kinds = []kind{
	newKind("Namespace", "tns",
		func() runtime.Object { return &v1alpha1.TenantNamespace{} },
		func() runtime.Object { return &v1alpha1.TenantNamespaceList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantNamespace, *v1alpha1.TenantNamespaceList] {
			return c.TenantNamespaces()
		}),
	newKind("StorageClass", "tsc",
		func() runtime.Object { return &v1alpha1.TenantStorageClass{} },
		func() runtime.Object { return &v1alpha1.TenantStorageClassList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantStorageClass, *v1alpha1.TenantStorageClassList] {
			return c.TenantStorageClasses()
		}),
	newKind("IngressClass", "tic",
		func() runtime.Object { return &v1alpha1.TenantIngressClass{} },
		func() runtime.Object { return &v1alpha1.TenantIngressClassList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantIngressClass, *v1alpha1.TenantIngressClassList] {
			return c.TenantIngressClasses()
		}),
	newKind("PriorityClass", "tpc",
		func() runtime.Object { return &v1alpha1.TenantPriorityClass{} },
		func() runtime.Object { return &v1alpha1.TenantPriorityClassList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantPriorityClass, *v1alpha1.TenantPriorityClassList] {
			return c.TenantPriorityClasses()
		}),
	newKind("RuntimeClass", "trc",
		func() runtime.Object { return &v1alpha1.TenantRuntimeClass{} },
		func() runtime.Object { return &v1alpha1.TenantRuntimeClassList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantRuntimeClass, *v1alpha1.TenantRuntimeClassList] {
			return c.TenantRuntimeClasses()
		}),
	newKind("Node", "tno",
		func() runtime.Object { return &v1alpha1.TenantNode{} },
		func() runtime.Object { return &v1alpha1.TenantNodeList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantNode, *v1alpha1.TenantNodeList] {
			return c.TenantNodes()
		}),
	newKind("PersistentVolume", "tpv",
		func() runtime.Object { return &v1alpha1.TenantPersistentVolume{} },
		func() runtime.Object { return &v1alpha1.TenantPersistentVolumeList{} },
		func(c typed.TenantviewV1alpha1Interface) client[*v1alpha1.TenantPersistentVolume, *v1alpha1.TenantPersistentVolumeList] {
			return c.TenantPersistentVolumes()
		}),
}

// kindOf returns the kind that mirrors an upstream resource.
func kindOf(resource string) kind {
	for _, k := range kinds {
		if k.Upstream.Resource == resource {
			return k
		}
	}
	panic("no kind mirrors " + resource)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/generated/applyconfiguration"
	"capsule.dev/tenantview/pkg/generated/clientset/versioned/fake"
	"capsule.dev/tenantview/pkg/generated/informers/externalversions"
)

// The generated clients fit together: an informer on the (fake) clientset fills
// the lister, and asks for the resource name that the server serves.
func TestInformerFillsLister(t *testing.T) {
	client := fake.NewClientset(
		&v1alpha1.TenantStorageClass{ObjectMeta: metav1.ObjectMeta{Name: "fast"}, Provisioner: "example.com/disk"},
		&v1alpha1.TenantStorageClass{ObjectMeta: metav1.ObjectMeta{Name: "slow"}, Provisioner: "example.com/tape"},
	)
	factory := externalversions.NewSharedInformerFactory(client, 0)
	lister := factory.Tenantview().V1alpha1().TenantStorageClasses().Lister()
	factory.StartWithContext(t.Context())
	t.Cleanup(factory.Shutdown)
	factory.WaitForCacheSync(t.Context().Done())

	classes, err := lister.List(labels.Everything())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, class := range classes {
		names = append(names, class.Name)
	}
	slices.Sort(names)
	if want := []string{"fast", "slow"}; !slices.Equal(names, want) {
		t.Errorf("lister has %v, want %v", names, want)
	}
	for _, action := range client.Actions() {
		if got, want := action.GetResource(), v1alpha1.SchemeGroupVersion.WithResource("tenantstorageclasses"); got != want {
			t.Errorf("client asks for %v, want %v", got, want)
		}
	}
}

func TestEveryKindHasAnApplyConfiguration(t *testing.T) {
	for kind := range upstream {
		if applyconfiguration.ForKind(v1alpha1.SchemeGroupVersion.WithKind(kind)) == nil {
			t.Errorf("%s has no apply configuration", kind)
		}
	}
}

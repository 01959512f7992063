// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/generated/clientset/versioned"
	"capsule.dev/tenantview/pkg/generated/informers/externalversions"
)

// startInformers starts an unmodified informer of a user for each kind, with a handler that keeps a model.
func startInformers(t *testing.T, user *rest.Config) (models []*model) {
	t.Helper()
	clients, err := versioned.NewForConfig(user)
	if err != nil {
		t.Fatal(err)
	}
	factory := externalversions.NewSharedInformerFactory(clients, 0)
	for _, k := range kinds {
		m := &model{kind: k, known: make(map[string]string)}
		models = append(models, m)
		informer, err := factory.ForResource(k.GVR())
		if err != nil {
			t.Fatal(err)
		}
		apply := func(event string, o any) {
			if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = gone.Obj
			}
			m.apply(event, o.(metav1.Object).GetName(), mark(o.(metav1.Object)))
		}
		if _, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { apply("ADDED", o) },
			UpdateFunc: func(_, o any) { apply("MODIFIED", o) },
			DeleteFunc: func(o any) { apply("DELETED", o) },
		}); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	factory.Start(stop)
	t.Cleanup(func() {
		close(stop)
		factory.Shutdown()
	})
	factory.WaitForCacheSync(t.Context().Done())
	return models
}

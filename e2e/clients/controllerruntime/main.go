// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command controllerruntime prints what a manager of controller-runtime observes of the user's namespaces, as
// one JSON object per line. It uses a typed cache and a metadata cache.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// observation is a line of the output.
type observation struct {
	Observer string `json:"observer"`
	Type     string `json:"type"`
	Name     string `json:"name"`
}

var output sync.Mutex

func (o observation) print() {
	output.Lock()
	defer output.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(o); err != nil {
		os.Exit(1)
	}
}

func main() {
	if err := run(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	log.SetLogger(logr.Discard())
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	m, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		return err
	}
	onlyMetadata := &metav1.PartialObjectMetadata{}
	onlyMetadata.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("TenantNamespace"))
	if err := observe(ctx, m, "typed", &v1alpha1.TenantNamespace{}); err != nil {
		return err
	}
	if err := observe(ctx, m, "metadata", onlyMetadata, builder.OnlyMetadata); err != nil {
		return err
	}
	return m.Start(ctx)
}

// observe prints the events of the cache, and what a reconciler finds in it.
func observe(ctx context.Context, m manager.Manager, name string, object client.Object, options ...builder.ForOption) error {
	informer, err := m.GetCache().GetInformer(ctx, object)
	if err != nil {
		return err
	}
	observer := "controller-runtime " + name
	tell := func(kind string, o any) {
		if gone, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
			o = gone.Obj
		}
		observation{observer, kind, o.(client.Object).GetName()}.print()
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) { tell("ADDED", o) },
		UpdateFunc: func(old, o any) {
			// A relist shows unchanged objects again.
			if old.(client.Object).GetResourceVersion() != o.(client.Object).GetResourceVersion() {
				tell("MODIFIED", o)
			}
		},
		DeleteFunc: func(o any) { tell("DELETED", o) },
	}); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(m).Named(name).For(object, options...).Complete(
		reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			found := object.DeepCopyObject().(client.Object)
			err := m.GetClient().Get(ctx, request.NamespacedName, found)
			switch {
			case err == nil:
				observation{observer, "FOUND", request.Name}.print()
			case apierrors.IsNotFound(err):
				observation{observer, "MISSED", request.Name}.print()
				err = nil
			}
			return reconcile.Result{}, err
		}))
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command follow-namespaces prints the namespaces that its user may see, and then each change: a namespace
// that he may see now, one that has changed, and one that has gone or is hidden from him now.
//
//	go run ./examples/follow-namespaces --kubeconfig=.run/alice.kubeconfig
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/generated/clientset/versioned"
	"capsule.dev/tenantview/pkg/generated/informers/externalversions"
)

func main() {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	flag.StringVar(&rules.ExplicitPath, "kubeconfig", "", "Path of a kubeconfig file. By default $KUBECONFIG, ~/.kube/config or the Pod's service account.")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := follow(ctx, rules)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// follow prints until ctx is done.
func follow(ctx context.Context, rules *clientcmd.ClientConfigLoadingRules) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return err
	}
	client, err := versioned.NewForConfig(config)
	if err != nil {
		return err
	}
	// A resync would only repeat what the informer already knows.
	const noResync time.Duration = 0
	factory := externalversions.NewSharedInformerFactory(client, noResync)
	namespaces := factory.Tenantview().V1alpha1().TenantNamespaces()
	_, err = namespaces.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { show("+", object) },
		UpdateFunc: func(before, object any) {
			// After a new list, the informer reports each object that it has kept as updated.
			if before.(*v1alpha1.TenantNamespace).ResourceVersion != object.(*v1alpha1.TenantNamespace).ResourceVersion {
				show("*", object)
			}
		},
		DeleteFunc: func(object any) {
			if missed, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = missed.Obj
			}
			show("-", object)
		},
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), namespaces.Informer().HasSynced) {
		return errors.New("interrupted before the first list was complete")
	}
	<-ctx.Done()
	return nil
}

func show(sign string, object any) {
	if namespace, ok := object.(*v1alpha1.TenantNamespace); ok {
		fmt.Printf("%s %s (tenant %s, %s)\n", sign, namespace.Name, namespace.Tenant, namespace.Status.Phase)
	}
}

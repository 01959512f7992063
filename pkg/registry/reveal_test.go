// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/view"
)

// An object that a grant reveals has a higher resourceVersion in its event than in later lists.
// An informer that lists again must take that for an update, and lose nothing.
func TestInformerTakesALowerResourceVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		client := &lister{watching: w}
		informer := cache.NewSharedInformer(client.listWatch(), &v1alpha1.TenantNamespace{}, 0)
		var mu sync.Mutex
		var events []string
		note := func(what string) func(any) {
			return func(o any) {
				ns := o.(*v1alpha1.TenantNamespace)
				mu.Lock()
				defer mu.Unlock()
				events = append(events, what+" "+ns.Name+" "+revisionOf(ns.ResourceVersion))
			}
		}
		updated := note("updated")
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: note("added"), UpdateFunc: func(_, o any) { updated(o) }, DeleteFunc: note("deleted"),
		}); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { informer.RunWithContext(ctx) })
		defer running.Wait()
		defer stop()
		// hears waits until nothing more comes, and compares what the handler was told of wind-a.
		hears := func(want ...string) {
			t.Helper()
			time.Sleep(time.Minute)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			var got []string
			for _, e := range events {
				if strings.Contains(e, " wind-a ") {
					got = append(got, e)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("told of wind-a (-want +got):\n%s", diff)
			}
			events = nil
		}
		hears()
		w.grant(view.User("alice"), view.Partition("wind"), listAndGet)
		hears("added wind-a 101")
		client.cut()
		w.grant(view.User("alice"), view.Name("kube-system"), listAndGet) // so that it cannot resume
		hears("updated wind-a 15")
		if lists := client.lists(); lists != 2 {
			t.Errorf("the informer has listed %d times, want twice", lists)
		}
		if _, ok, err := informer.GetStore().GetByKey("wind-a"); !ok || err != nil {
			t.Errorf("wind-a is in the store: %v, %v", ok, err)
		}
	})
}

// lister lists and watches as alice.
type lister struct {
	*watching
	mu     sync.Mutex
	listed int
	stream watch.Interface
}

func (l *lister) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, o metav1.ListOptions) (runtime.Object, error) {
			l.note()
			return l.List(as("alice"), internalOptions(l.t, o))
		},
		WatchFuncWithContext: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			stream, err := l.Watch(as("alice"), internalOptions(l.t, o))
			if err != nil {
				return nil, err
			}
			if o.SendInitialEvents != nil {
				l.note()
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.stream = watch.Filter(stream, func(e watch.Event) (watch.Event, bool) {
				e.Object = plain(e.Object)
				return e, true
			})
			return l.stream, nil
		},
	}
}

func internalOptions(t *testing.T, o metav1.ListOptions) *metainternalversion.ListOptions {
	into := &metainternalversion.ListOptions{}
	if err := metainternalversion.Convert_v1_ListOptions_To_internalversion_ListOptions(&o, into, nil); err != nil {
		t.Error(err)
	}
	return into
}

// note counts a list, or a watch that begins with one.
func (l *lister) note() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listed++
}

// cut ends the watch.
func (l *lister) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stream.Stop()
}

func (l *lister) lists() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.listed
}

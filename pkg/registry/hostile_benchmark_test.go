// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/view"
)

// BenchmarkHostileUnreadWatches measures the memory of watches of large objects that the client does not read. The time
// has no meaning.
func BenchmarkHostileUnreadWatches(b *testing.B) {
	const watches, namespaces = 200, 20
	f := newFixture()
	f.grant(view.User("alice"), view.Partition("solar"), listAndGet)
	f.set.Update(100, func(tx *view.Tx) {
		for i := range namespaces {
			o := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"large": strings.Repeat("x", 128<<10)}}}
			tx.Put(f.view, view.Object{
				Attributes: view.Attributes{Name: fmt.Sprint("solar-", i), Partition: "solar"},
				Version:    uint64(100 + i), Value: synthetic.Packed(o),
			})
		}
	})
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	var all []watch.Interface
	for range watches {
		w, err := f.Watch(as("alice"), request{}.options(b))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, w)
	}
	for _, w := range all {
		for len(w.ResultChan()) < cap(w.ResultChan()) {
			runtime.Gosched() // until it waits for the client
		}
	}
	each := float64(heap()-before) / watches
	for _, w := range all {
		w.Stop()
	}
	for b.Loop() {
	}
	b.ReportMetric(each, "B/watch")
}

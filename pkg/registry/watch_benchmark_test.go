// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/internal/cputime"
	"capsule.dev/tenantview/pkg/apiserver"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/view"
)

const manyWatchers = 10_000

// crowd is a fixture with many watches, each of a different user.
type crowd struct {
	*fixture
	streams []watch.Interface
}

// newCrowd starts a watch for every user. Users see what is granted to them and to the group that
// all of them are in.
func newCrowd(b testing.TB, watchers int, holds func(*fixture, int)) *crowd {
	c := &crowd{fixture: newFixture()}
	c.REST = registry.NewREST(tenantnamespace.Kind(), c.view, registry.Config{Viewers: viewers{}, Synced: func() bool { return true }})
	for i := range watchers {
		holds(c.fixture, i)
	}
	ctx, stop := context.WithCancel(context.Background())
	b.Cleanup(stop)
	for i := range watchers {
		c.streams = append(c.streams, c.watch(ctx, b, i))
	}
	return c
}

func (c *crowd) watch(ctx context.Context, b testing.TB, i int) watch.Interface {
	b.Helper()
	stream, err := c.Watch(withUser(ctx, as(memberName(i), "crowd")), &metainternalversion.ListOptions{
		AllowWatchBookmarks: true, SendInitialEvents: ptr.To(false), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		b.Fatal(err)
	}
	return stream
}

func memberName(i int) string { return fmt.Sprint("member-", i) }

func memberTenant(i int) string { return fmt.Sprint("tenant-", i) }

// ownTenants gives each user a tenant with one namespace.
func ownTenants(f *fixture, i int) {
	f.put(uint64(1000+i), memberTenant(i)+"-a", memberTenant(i), nil)
	f.grant(view.User(memberName(i)), view.Partition(memberTenant(i)), listAndGet)
}

// A change that one watcher sees costs the same however many other watchers there are.
func BenchmarkWatchOne(b *testing.B) {
	for _, watchers := range []int{1, manyWatchers} {
		b.Run(fmt.Sprintf("watchers=%d", watchers), func(b *testing.B) {
			c := newCrowd(b, watchers, ownTenants)
			version := uint64(100_000)
			runtime.GC()
			b.ReportAllocs()
			defer cputime.Measure(b)()
			for b.Loop() {
				version++
				c.put(version, "tenant-0-a", "tenant-0", nil)
				if event := <-c.streams[0].ResultChan(); event.Type != watch.Modified {
					b.Fatal(event)
				}
			}
		})
	}
}

// A change that all watchers see is encoded once. One goroutine takes the events of all clients, so
// that the benchmark measures what happens before.
func BenchmarkWatchAll(b *testing.B) {
	c := newCrowd(b, manyWatchers, func(f *fixture, i int) {
		if i == 0 {
			f.put(1000, "shared", "shared", nil)
			f.grant(view.Group("crowd"), view.Partition("shared"), listAndGet)
		}
	})
	encoder := newCountingEncoder()
	version := uint64(100_000)
	runtime.GC()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	start, held := time.Now(), time.Duration(math.MaxInt64) // the minimum: the rest is other load of the machine
	stop := cputime.Measure(b)
	for b.Loop() {
		version++
		began := time.Now()
		c.put(version, "shared", "shared", nil)
		held = min(held, time.Since(began))
		for _, stream := range c.streams {
			event := <-stream.ResultChan()
			if err := encoder.Encode(event.Object, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
	stop()
	b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N)/manyWatchers, "ns/watcher")
	b.ReportMetric(float64(held.Microseconds())/1000, "held-ms/op")
	b.ReportMetric(float64(encoder.encoded.Load())/float64(b.N), "encodings/op")
}

// The memory and goroutines of a watch without events.
func BenchmarkWatchIdle(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		c := newCrowd(b, 0, nil)
		for i := range manyWatchers {
			ownTenants(c.fixture, i)
		}
		ctx, stop := context.WithCancel(context.Background())
		runtime.GC()
		runtime.ReadMemStats(&before)
		goroutines := runtime.NumGoroutine()
		for i := range manyWatchers {
			c.streams = append(c.streams, c.watch(ctx, b, i))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/manyWatchers, "heap-B/watch")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/manyWatchers, "stack-B/watch")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/manyWatchers, "goroutines/watch")
		stop()
		runtime.KeepAlive(c)
	}
}

// Granting and revoking a partition of 1,000 objects to a group with 1,000 members who watch.
// held-ms is how long that blocks other events, told-ms how long until all members have theirs. If
// members=apart, each member also holds its own partition and needs its own events.
func BenchmarkWatchGrant(b *testing.B) {
	const members, objects = 1000, 1000
	for name, holds := range map[string]func(*fixture, int){
		"members=alike": func(*fixture, int) {},
		"members=apart": ownTenants,
	} {
		b.Run(name, func(b *testing.B) {
			c := newCrowd(b, members, holds)
			for i := range objects {
				c.put(uint64(10_000+i), fmt.Sprint("granted-", i), "granted", nil)
			}
			var told sync.WaitGroup
			for _, stream := range c.streams {
				go func() {
					for event := range stream.ResultChan() {
						if event.Type != watch.Bookmark {
							told.Done()
						}
					}
				}()
			}
			held, all := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64) // the minimum: the rest is other load of the machine
			both := func(change func()) {
				told.Add(members * objects)
				start := time.Now()
				change()
				held = min(held, time.Since(start))
				told.Wait()
				all = min(all, time.Since(start))
			}
			defer cputime.Measure(b)()
			for b.Loop() {
				both(func() { c.grant(view.Group("crowd"), view.Partition("granted"), listAndGet) })
				both(func() { c.revoke(view.Group("crowd"), view.Partition("granted"), listAndGet) })
			}
			b.ReportMetric(float64(held.Microseconds())/1000, "held-ms/op")
			b.ReportMetric(float64(all.Microseconds())/1000, "told-ms/op")
		})
	}
}

// countingEncoder counts actual encodings.
type countingEncoder struct {
	apiruntime.Encoder
	id      apiruntime.Identifier
	encoded atomic.Int64
}

func newCountingEncoder() *countingEncoder { return newCountingEncoderOf(json.SerializerOptions{}) }

func newCountingEncoderOf(options json.SerializerOptions) *countingEncoder {
	e := &countingEncoder{Encoder: json.NewSerializerWithOptions(json.DefaultMetaFactory, apiserver.Scheme, apiserver.Scheme, options)}
	e.id = apiruntime.Identifier(fmt.Sprintf("counting %+v", options))
	return e
}

// Encode does what encoders do with shared objects.
func (e *countingEncoder) Encode(object apiruntime.Object, w io.Writer) error {
	encode := func(object apiruntime.Object, w io.Writer) error {
		e.encoded.Add(1)
		object.GetObjectKind().SetGroupVersionKind(tenantnamespaceKind) // as versioning encoders do
		return e.Encoder.Encode(object, w)
	}
	if shared, ok := object.(apiruntime.CacheableObject); ok {
		return shared.CacheEncode(e.id, encode, w)
	}
	return encode(object, w)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/tenancy"
)

// slow is a sink that takes some time for each change, as if others held the writer.
type slow[T any] struct {
	recorder[T]
	each time.Duration
}

func (s *slow[T]) Replace(items []tenancy.Item[T], version uint64) {
	time.Sleep(s.each)
	s.recorder.Replace(items, version)
}

func (s *slow[T]) Put(item tenancy.Item[T]) {
	time.Sleep(s.each)
	s.recorder.Put(item)
}

func (s *slow[T]) Delete(key tenancy.Key, version uint64) {
	time.Sleep(s.each)
	s.recorder.Delete(key, version)
}

func (s *slow[T]) Bookmark(version uint64) {
	time.Sleep(s.each)
	s.recorder.Bookmark(version)
}

// lags checks the lag of a source every ten seconds.
func lags(t *testing.T, what string, s *Source, want ...time.Duration) {
	t.Helper()
	var got []time.Duration
	for range want {
		got = append(got, lagAfter(10*time.Second, s))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: lag every ten seconds (-want +got):\n%s", what, diff)
	}
}

// A healthy connection does not mean that the views are up to date: events may queue while others
// hold the writer.
func TestLagOfEventsThatWait(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", custom("a", "11", nil))
		u.bookmark = custom("", "", nil)
		sink := &slow[*capsule.Tenant]{each: 15 * time.Second}
		s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], sink)
		run(t, s)
		lags(t, "the first list", s, 10*time.Second, 0, 0)

		u.send(watch.Modified, custom("a", "21", nil))
		u.send(watch.Added, custom("b", "22", nil))
		u.send(watch.Deleted, custom("a", "23", nil))
		u.send(watch.Bookmark, u.bookmarkAt("30"))
		lags(t, "events at once", s, 10*time.Second, 20*time.Second, 30*time.Second, 40*time.Second, 50*time.Second, 0, 0)

		u.send(watch.Added, custom("c", "31", nil))
		time.Sleep(10 * time.Second)
		u.send(watch.Added, custom("d", "32", nil))
		lags(t, "one after the other", s, 20*time.Second, 0, 0)
		if n := len(sink.take()); n != 7 {
			t.Errorf("%d changes have been applied", n)
		}
	})
}

// While a list waits for the writer, users still get the old content.
func TestLagOfAListThatWaits(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", namespace("a", "11"))
		sink := &slow[tenancy.Namespace]{}
		s := New("namespaces", nil, u.listWatch(), as(tenancy.NewNamespace), sink)
		run(t, s)
		lags(t, "start", s, 0)
		sink.each = time.Minute
		u.set("50", namespace("b", "45"))
		expired := apierrors.NewResourceExpired("too old").Status()
		u.send(watch.Error, &expired)
		if got := lagAfter(30*time.Second, s); got < 25*time.Second || got > 30*time.Second {
			t.Errorf("lag of %v after the new list has waited for half a minute", got)
		}
		lagAfter(time.Minute, s)
		lags(t, "applied", s, 0)
	})
}

// The next watch delivers again what was received but not applied when a watch ended. The lag must
// not count the old events forever.
func TestLagOfAWatchThatEnds(t *testing.T) {
	for name, end := range map[string]func(*upstream){
		"expired": func(u *upstream) {
			expired := apierrors.NewResourceExpired("too old").Status()
			u.send(watch.Error, &expired)
		},
		"lost": func(u *upstream) { u.fail(errors.New("no route to host")) },
		"gone": func(u *upstream) { u.fail(notFound) },
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, streams bool) {
				u := newUpstream(streams, "20", namespace("a", "11"))
				sink := &slow[tenancy.Namespace]{each: time.Second}
				s := New("namespaces", u.served, u.listWatch(), as(tenancy.NewNamespace), sink)
				run(t, s)
				time.Sleep(10 * time.Second)
				for i := range 3 {
					u.send(watch.Added, namespace(fmt.Sprint("n", i), fmt.Sprint(21+i)))
				}
				synctest.Wait()
				end(u)
				time.Sleep(time.Minute)
				u.set("90", namespace("a", "11"))
				lagAfter(time.Minute, s)
				lags(t, "back", s, 0, 0)
				u.send(watch.Added, namespace("z", "91"))
				synctest.Wait()
				if got := lagAfter(500*time.Millisecond, s); got != 500*time.Millisecond {
					t.Errorf("lag of %v while one event waits", got)
				}
				lags(t, "applied", s, 0)
			})
		})
	}
}

// The source is behind between two watches, however the first one ended and however long
// kube-apiserver takes to respond.
func TestLagBetweenWatches(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", namespace("a", "11"))
		lw := u.listWatch()
		watches, slow := lw.WatchFuncWithContext, false
		lw.WatchFuncWithContext = func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			if slow {
				time.Sleep(15 * time.Second)
			}
			return watches(ctx, options)
		}
		s := New("namespaces", nil, lw, as(tenancy.NewNamespace), &recorder[tenancy.Namespace]{})
		run(t, s)
		time.Sleep(time.Minute)
		slow = true
		u.mu.Lock()
		u.watch.Stop() // as kube-apiserver does every few minutes
		u.mu.Unlock()
		lags(t, "the watch has ended", s, 10*time.Second, 0)
		s.ended(&queue{})
		lags(t, "the end of an earlier watch was noticed late", s, 0)
	})
}

// A source may request a list without requesting a stream first.
func TestLagSinceAListWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(false, "20", namespace("a", "11"))
		s := New("namespaces", nil, u.listWatch(), as(tenancy.NewNamespace), &recorder[tenancy.Namespace]{})
		if _, err := s.observed(u.listWatch()).ListWithContextFunc(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
		lags(t, "listed and not applied", s, 10*time.Second, 20*time.Second)
	})
}

// Events that follow the one that ends a watch with an error are never applied.
func TestLagOfAResourceThatIsAbsent(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", namespace("a", "11"))
		s := New("namespaces", u.served, u.listWatch(), as(tenancy.NewNamespace), &recorder[tenancy.Namespace]{})
		run(t, s)
		status := notFound.Status()
		u.mu.Lock()
		u.err = notFound
		u.watch.Action(watch.Error, &status)
		u.watch.Action(watch.Added, namespace("b", "21"))
		u.mu.Unlock()
		lagAfter(time.Minute, s)
		if lags(t, "absent", s, 0, 0); !s.Absent() {
			t.Error("the resource is not absent")
		}
	})
}

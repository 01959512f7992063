// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

var aNamespace = synthetic.Packed(&corev1.Namespace{})

func TestListAtAVersion(t *testing.T) {
	const exact, notOlder = metav1.ResourceVersionMatchExact, metav1.ResourceVersionMatchNotOlderThan
	cases := map[string]struct {
		q    request
		code int32
	}{
		"any":                                       {request{version: ""}, 200},
		"any, limited":                              {request{version: "", limit: 9}, 200},
		"any by 0":                                  {request{version: "0"}, 200},
		"any by 0, limited":                         {request{version: "0", limit: 9}, 200},
		"not older than an old one":                 {request{version: "7"}, 200},
		"not older than 0":                          {request{version: "0", versionMatch: notOlder}, 200},
		"not older than this":                       {request{version: "100", versionMatch: notOlder}, 200},
		"not older than an old one, limited":        {request{version: "7", versionMatch: notOlder, limit: 9}, 200},
		"not older than this server's":              {request{version: "100" + digits}, 200},
		"not older than an old one of this server":  {request{version: "7" + digits}, 200},
		"not older than another server's":           {request{version: "100000041"}, 410},
		"not older than an old one of another":      {request{version: "7000041"}, 410},
		"exactly this":                              {request{version: "100" + digits, versionMatch: exact}, 200},
		"exactly an old one":                        {request{version: "99" + digits, versionMatch: exact}, 410},
		"exactly another server's":                  {request{version: "100000041", versionMatch: exact}, 410},
		"exactly an upstream one":                   {request{version: "100", versionMatch: exact}, 410},
		"exactly this, by its limit":                {request{version: "100" + digits, limit: 9}, 200},
		"exactly an old one, by its limit":          {request{version: "99" + digits, limit: 9}, 410},
		"not a number":                              {request{version: "new"}, 400},
		"not a number, exactly":                     {request{version: "new", versionMatch: exact}, 400},
		"negative":                                  {request{version: "-1"}, 400},
		"more than 64 bits":                         {request{version: "18446744073709551616"}, 400},
		"one that does not come":                    {request{version: "101"}, 504},
		"one that does not come, not older than it": {request{version: "101", versionMatch: notOlder}, 504},
		"exactly one that does not come":            {request{version: "101", versionMatch: exact}, 504},
		"one that this server has not given":        {request{version: "101" + digits}, 410},
		"exactly one that it has not given":         {request{version: "101" + digits, versionMatch: exact}, 410},
		"the last of all":                           {request{version: "18446744073709551615"}, 410},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := newSolarFixture().List(as("alice"), tc.q.options(t))
				if code := codeOf(t, err); code != tc.code {
					t.Errorf("code %d, want %d; list %v, error %v", code, tc.code, got, err)
				}
			})
		})
	}
}

func TestGetAtAVersion(t *testing.T) {
	for version, code := range map[string]int32{"": 200, "0": 200, "7": 200, "100": 200, "101": 504, "new": 400} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := newSolarFixture().Get(as("alice"), "solar-a", &metav1.GetOptions{ResourceVersion: version})
				if got := codeOf(t, err); got != code {
					t.Errorf("code %d, want %d", got, code)
				}
			})
		})
	}
}

// Only this error makes client-go forget the resourceVersion that it would resume from.
func TestVersionThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSolarFixture()
		start := time.Now() // the bubble's clock: it advances when all goroutines wait
		_, err := f.List(as("alice"), request{version: "101"}.options(t))
		if !storage.IsTooLargeResourceVersion(err) {
			t.Errorf("error %v, want one that says that the version is too large", err)
		}
		want := storage.NewTooLargeResourceVersionError(101, 100, 1)
		if diff := cmp.Diff(statusOf(t, want), statusOf(t, err)); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		if waited := time.Since(start); waited != registry.MaxWait {
			t.Errorf("waited %v, want %v", waited, registry.MaxWait)
		}
	})
}

func TestVersionThatComes(t *testing.T) {
	for name, tc := range map[string]struct {
		q      request
		arrive func(*fixture)
		want   answer
	}{
		"with an object": {
			q:      request{version: "102"},
			arrive: func(f *fixture) { f.put(102, "solar-e", "solar", nil) },
			want:   answer{[]string{"solar-a", "solar-b", "solar-c", "solar-d", "solar-e"}, "102", false, -1},
		},
		"with a bookmark": {
			q:      request{version: "102"},
			arrive: func(f *fixture) { f.observe(103) },
			want:   answer{[]string{"solar-a", "solar-b", "solar-c", "solar-d"}, "103", false, -1},
		},
		"step by step": {
			q:      request{version: "102"},
			arrive: func(f *fixture) { f.observe(101); f.observe(102) },
			want:   answer{[]string{"solar-a", "solar-b", "solar-c", "solar-d"}, "102", false, -1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newSolarFixture()
				answered := make(chan answer)
				go func() {
					a, _ := f.list(as("alice"), t, tc.q)
					answered <- a
				}()
				synctest.Wait() // until it waits
				select {
				case a := <-answered:
					t.Fatalf("answered too early: %+v", a)
				default:
				}
				tc.arrive(f)
				if diff := cmp.Diff(tc.want, <-answered); diff != "" {
					t.Errorf("list (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A view's revision may be ahead of its source because of events from other sources. A user who has
// just written an object must see it nonetheless. A revision that this server has given needs no
// waiting.
func TestVersionThatOtherSourcesHaveReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSolarFixture()
		f.grant(view.User("alice"), view.Partition("wind"), listAndGet) // now it is revision 102
		answered := make(chan answer)
		go func() {
			a, _ := f.list(as("alice"), t, request{version: "101"})
			answered <- a
		}()
		synctest.Wait()
		f.put(101, "solar-e", "solar", nil)
		want := answer{[]string{"solar-a", "solar-b", "solar-c", "solar-d", "solar-e", "wind-a"}, "103", false, -1}
		if diff := cmp.Diff(want, <-answered); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		start := time.Now()
		got, _ := f.list(as("bob"), t, request{version: "103" + digits})
		if diff := cmp.Diff(answer{nil, "103", false, -1}, got); diff != "" || time.Since(start) > 0 {
			t.Errorf("list after %v (-want +got):\n%s", time.Since(start), diff)
		}
	})
}

// A request whose client is gone must not occupy its place until the wait ends.
func TestRequestThatIsCancelledWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSolarFixture()
		ctx, cancel := context.WithTimeout(as("alice"), time.Second)
		defer cancel()
		start := time.Now()
		_, err := f.List(ctx, request{version: "101"}.options(t))
		if code := codeOf(t, err); code != 504 || storage.IsTooLargeResourceVersion(err) {
			t.Errorf("error %v, want a timeout that does not mention the version", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %v, want 1s", waited)
		}
	})
}

// A user whose requests wait for resourceVersions to come gets no more of them, and administrators see
// that.
func TestTooManyRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSolarFixture()
		refused := make(chan string, 100)
		f.ObserveRefusal = func(reason string) { refused <- reason }
		ctx, cancel := context.WithCancel(as("alice"))
		defer cancel()
		const most = 10
		codes := make(chan int32, most+1)
		for range most + 1 {
			go func() {
				_, err := f.Get(ctx, "solar-a", &metav1.GetOptions{ResourceVersion: "101"})
				codes <- codeOf(t, err)
			}()
		}
		if reason, code := <-refused, <-codes; reason != "waits" || code != 429 {
			t.Errorf("refused for %s with code %d", reason, code)
		}
		cancel()
		for range most {
			if code := <-codes; code != 504 {
				t.Errorf("another request got %d", code)
			}
		}
	})
}

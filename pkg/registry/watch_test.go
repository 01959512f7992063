// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/view"
)

// tableContext is the context of a request for tables.
func tableContext(ctx context.Context) context.Context {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody).WithContext(ctx)
	r.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
	registry.WithForm(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(nil, r)
	return ctx
}

var initially = []string{"ADDED 12 solar-a", "ADDED 14 solar-b", "ADDED 13 solar-c", "ADDED 11 solar-d"}

const (
	initialEnd = "BOOKMARK 100 k8s.io/initial-events-end=true"
	tooOld     = "ERROR 410 Expired: too old resource version, or the objects that the user may see have changed: list again"
)

// client-go's reflector relies on these initial events.
func TestWatchBegins(t *testing.T) {
	notOlder := metav1.ResourceVersionMatchNotOlderThan
	for name, tc := range map[string]struct {
		ask ask
		// list makes alice list first, which gives her the revision 100.
		list bool
		want []string
		// resume is the expected argument of ObserveResume.
		resume string
	}{
		"unset":                                    {want: initially},
		"any":                                      {ask: ask{request: request{version: "0"}}, want: initially},
		"any, with bookmarks":                      {ask: ask{request: request{version: "0"}, bookmarks: true}, want: initially},
		"selected":                                 {ask: ask{request: request{labels: "env=prod"}}, want: []string{initially[0], initially[3]}},
		"selected by name":                         {ask: ask{request: request{fields: "metadata.name=solar-b"}}, want: initially[1:2]},
		"nothing is selected":                      {ask: ask{request: request{fields: "metadata.name=wind-a"}}},
		"nothing is visible":                       {ask: ask{ctx: as("carol"), bookmarks: true, initial: ptr.To(true), request: request{versionMatch: notOlder}}, want: []string{initialEnd}},
		"without selectors":                        {ask: ask{request: request{withoutSelectors: true}}, want: initially},
		"initial events":                           {ask: ask{initial: ptr.To(true), bookmarks: true, request: request{versionMatch: notOlder}}, want: append(slices.Clone(initially), initialEnd)},
		"initial events, not older":                {ask: ask{initial: ptr.To(true), bookmarks: true, request: request{versionMatch: notOlder, version: "100"}}, want: append(slices.Clone(initially), initialEnd)},
		"initial events, without bookmarks":        {ask: ask{initial: ptr.To(true), request: request{versionMatch: notOlder}}, want: initially},
		"no initial events":                        {ask: ask{initial: ptr.To(false), bookmarks: true, request: request{versionMatch: notOlder}}},
		"no initial events, from any":              {ask: ask{initial: ptr.To(false), request: request{version: "0", versionMatch: notOlder}}},
		"resume":                                   {list: true, ask: ask{request: request{version: "100"}}, resume: "resumed"},
		"resume, without initial events":           {list: true, ask: ask{initial: ptr.To(false), request: request{version: "100", versionMatch: notOlder}}, resume: "resumed"},
		"resume at a revision not given out":       {list: true, ask: ask{request: request{version: "99"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"resume at a revision of an object":        {list: true, ask: ask{request: request{version: "12"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"resume at a revision of another user":     {list: true, ask: ask{ctx: as("bob"), request: request{version: "100"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"resume at a revision of another server":   {list: true, ask: ask{verbatim: true, request: request{version: "100000041"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"resume at a revision of upstream":         {list: true, ask: ask{verbatim: true, request: request{version: "100"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"resume at no revision of the server":      {list: true, ask: ask{verbatim: true, request: request{version: "42"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"resume with other groups":                 {list: true, ask: ask{ctx: as("alice", "windy"), request: request{version: "100"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"table, resume":                            {list: true, ask: ask{ctx: tableContext(as("alice")), request: request{version: "100"}}, resume: "resumed"},
		"table, resume at one not given out":       {ask: ask{ctx: tableContext(as("alice")), request: request{version: "99"}}, want: initially, resume: "restarted"},
		"table, resume at a revision of elsewhere": {list: true, ask: ask{verbatim: true, ctx: tableContext(as("alice")), request: request{version: "100000041"}}, want: initially, resume: "restarted"},
		"table, resume in the future":              {ask: ask{ctx: tableContext(as("alice")), request: request{version: "1000"}}, want: initially, resume: "restarted"},
		"the future":                               {ask: ask{request: request{version: "1000"}}, want: []string{tooOld, "end"}, resume: "foreign"},
		"initial events, not older than another server's": {
			ask:  ask{initial: ptr.To(true), verbatim: true, request: request{versionMatch: notOlder, version: "99000041"}},
			want: []string{"ERROR 410 Expired: The resourceVersion 99000041 was not given by this server: list again without it", "end"},
		},
		"initial events of the future": {
			ask:  ask{initial: ptr.To(true), request: request{versionMatch: notOlder, version: "101"}},
			want: []string{"ERROR 410 Expired: The resourceVersion 101000042 was not given by this server: list again without it", "end"},
		},
		"initial events of upstream's future": {
			ask:  ask{initial: ptr.To(true), verbatim: true, request: request{versionMatch: notOlder, version: "101"}},
			want: []string{"ERROR 504 Timeout: Timeout: Too large resource version: 101, current: 100", "end"},
		},
		"table, initial events of upstream's future": {
			ask:  ask{ctx: tableContext(as("alice")), initial: ptr.To(true), verbatim: true, request: request{versionMatch: notOlder, version: "101"}},
			want: initially,
		},
		"table, initial events, not older than another server's": {
			ask:  ask{ctx: tableContext(as("alice")), initial: ptr.To(true), verbatim: true, request: request{versionMatch: notOlder, version: "99000041"}},
			want: initially,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatching(t)
				if tc.list {
					w.list(as("alice"), t, request{})
				}
				stream := w.begin(tc.ask)
				w.tells(stream, tc.want...)
				var resumes []string
				if tc.resume != "" {
					resumes = []string{"tenantnamespaces " + tc.resume}
				}
				if diff := cmp.Diff(resumes, w.resumes); diff != "" {
					t.Errorf("observed (-want +got):\n%s", diff)
				}
				stream.Stop()
				synctest.Wait()
				if n := w.view.Stats().Watchers; n != 0 {
					t.Errorf("%d watchers are left", n)
				}
			})
		})
	}
}

// Invalid requests are refused before the stream begins.
func TestWatchIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		ctx      context.Context
		version  string
		unsynced bool
		want     int32
	}{
		"no user":    {ctx: context.Background(), want: http.StatusUnauthorized},
		"not synced": {ctx: as("alice"), unsynced: true, want: http.StatusServiceUnavailable},
		"garbage":    {ctx: as("alice"), version: "x", want: http.StatusBadRequest},
		"negative":   {ctx: as("alice"), version: "-1", want: http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSolarFixture()
			f.synced = !tc.unsynced
			_, err := f.Watch(tc.ctx, &metainternalversion.ListOptions{ResourceVersion: tc.version})
			if got := codeOf(t, err); got != tc.want {
				t.Errorf("code %d, want %d", got, tc.want)
			}
		})
	}
}

// A list and the watch from it show every state exactly once, whatever happens in between.
func TestWatchFollowsAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		w.list(as("alice"), t, request{})
		w.put(110, "solar-e", "solar", nil)
		stream := w.begin(ask{request: request{version: "100"}})
		w.put(120, "solar-a", "wind", nil)
		w.delete(130, "solar-b")
		w.tells(stream, "ADDED 110 solar-e", "DELETED 120 solar-a", "DELETED 130 solar-b")
		w.grant(view.User("alice"), view.Partition("wind"), listAndGet)
		w.tells(stream, "ADDED 131 solar-a", "ADDED 131 wind-a")
		// The client may have received only a part of 131, and the server cannot know which.
		w.tells(w.begin(ask{request: request{version: "131"}}), tooOld, "end")
		w.tells(w.begin(ask{request: request{version: "130"}}), tooOld, "end")
		w.put(140, "solar-c", "solar", nil)
		w.tells(stream, "MODIFIED 140 solar-c")
		w.tells(w.begin(ask{request: request{version: "140"}}))
	})
}

// A client that keeps up gets events as they happen. One that does not keep up gets them later, in
// the same order.
func TestWatchTellsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		w.list(as("alice"), t, request{})
		stream := w.begin(ask{request: request{version: "100"}})
		synctest.Wait() // until the watch runs
		w.put(110, "solar-e", "solar", nil)
		select {
		case event := <-stream.ResultChan():
			if event.Type != watch.Added {
				t.Errorf("unexpected event %v", event)
			}
		default:
			t.Error("the event is not in the client's channel when the change returns")
		}
		var want []string
		for version := uint64(111); version < 200; version++ {
			w.put(version, "solar-e", "solar", nil)
			want = append(want, fmt.Sprintf("MODIFIED %d solar-e", version))
		}
		w.tells(stream, want...)
		w.put(200, "solar-e", "solar", nil)
		w.delete(201, "solar-e")
		w.tells(stream, "MODIFIED 200 solar-e", "DELETED 201 solar-e")
		w.tells(w.begin(ask{request: request{version: "200"}}), "DELETED 201 solar-e") // the client was given that revision
	})
}

func TestWatchBookmarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		now := ask{initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}}
		silent := w.begin(now)
		now.bookmarks = true
		stream := w.begin(now)
		w.observe(150)
		for range 3 {
			after, what := until(stream)
			if after < 45*time.Second || after > time.Minute || what != "BOOKMARK 150" {
				t.Errorf("after %v: %s", after, what)
			}
		}
		w.grant(view.User("alice"), view.Partition("wind"), listAndGet)
		w.tells(stream, "ADDED 151 wind-a", "BOOKMARK 152") // so that the client can resume
		w.tells(silent, "ADDED 151 wind-a")
		w.tells(w.begin(ask{request: request{version: "152"}}))
	})
}

// A client that is cut off at its timeout can resume where it was.
func TestWatchTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct {
			timeout, bookmark time.Duration
		}{
			"long":      {timeout: 30 * time.Second, bookmark: 28 * time.Second},
			"too short": {timeout: 2 * time.Second},
		} {
			w := newWatching(t)
			ctx, cancel := context.WithTimeout(as("alice"), tc.timeout)
			defer cancel() //nolint:gocritic // the few contexts end with the test
			stream := w.begin(ask{ctx: ctx, bookmarks: true, initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}})
			begin := time.Now()
			if tc.bookmark > 0 {
				if after, what := until(stream); after != tc.bookmark || what != "BOOKMARK 100" {
					t.Errorf("%s: after %v: %s", name, after, what)
				}
			}
			if _, what := until(stream); time.Since(begin) != tc.timeout || what != "end" {
				t.Errorf("%s: after %v: %s", name, time.Since(begin), what)
			}
			synctest.Wait()
			if diff := cmp.Diff([]string{"tenantnamespaces timeout"}, w.ends); diff != "" {
				t.Errorf("%s: observed (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestWatchEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(w *watching, stream watch.Interface, cancel func())
		want string
	}{
		"stopped":      {end: func(_ *watching, stream watch.Interface, _ func()) { stream.Stop(); stream.Stop() }, want: "client"},
		"disconnected": {end: func(_ *watching, _ watch.Interface, cancel func()) { cancel() }, want: "client"},
		"slow": {end: func(w *watching, _ watch.Interface, _ func()) {
			for i := range uint64(1100) {
				w.put(200+i, "solar-a", "solar", nil)
			}
		}, want: "slow"},
		"stopped while it waits for the client": {end: func(w *watching, stream watch.Interface, _ func()) {
			for i := range uint64(100) {
				w.put(200+i, "solar-a", "solar", nil)
			}
			synctest.Wait()
			stream.Stop()
		}, want: "client"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatching(t)
				ctx, cancel := context.WithCancel(as("alice"))
				defer cancel()
				stream := w.begin(ask{ctx: ctx})
				synctest.Wait()
				tc.end(w, stream, cancel)
				synctest.Wait() // without taking events: a stuck client must not delay the end
				if diff := cmp.Diff([]string{"tenantnamespaces " + tc.want}, w.ends); diff != "" {
					t.Errorf("observed (-want +got):\n%s", diff)
				}
				if n := w.view.Stats().Watchers; n != 0 {
					t.Errorf("%d watchers are left", n)
				}
				if all := told(stream); all[len(all)-1] != "end" || len(all) > 100 {
					t.Errorf("%d events, the last is %q", len(all), all[len(all)-1])
				}
			})
		})
	}
}

// Native RBAC cannot be watched, so a watch asks for reviews again and again.
func TestWatchFollowsNativeRBAC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		stream := w.begin(ask{bookmarks: true, initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}})
		w.tells(stream)
		w.rbac.set("alice", "namespaces", true)
		w.tells(stream)
		time.Sleep(31 * time.Second)
		w.tells(stream, "ADDED 101 kube-system", "ADDED 101 wind-a", "BOOKMARK 102")
		w.put(110, "other", "", nil)
		w.tells(stream, "ADDED 110 other")
		w.rbac.set("alice", "namespaces", false)
		time.Sleep(31 * time.Second)
		// The periodic bookmark may come before or after these events.
		got := slices.Compact(slices.DeleteFunc(told(stream), func(event string) bool { return event == "BOOKMARK 110" }))
		want := []string{"DELETED 111 kube-system", "DELETED 111 other", "DELETED 111 wind-a", "BOOKMARK 112"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// While kube-apiserver restarts, no user loses rights, neither in a running watch nor in a new
// list. If it does not come back, users lose them.
func TestNativeRBACDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 30 * time.Second
		away := atomic.Bool{}
		reviews := accessreview.New(authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
			if away.Load() {
				return authorizer.DecisionNoOpinion, "", errors.New("away")
			}
			return authorizer.DecisionAllow, "", nil
		}), interval, accessreview.NewNameLimit())
		f := newSolarFixture()
		f.REST = registry.NewREST(tenantnamespace.Kind(), f.view, registry.Config{
			Viewers: viewers{}, ServerID: serverID, Reviews: reviews, Synced: func() bool { return true }, ReviewInterval: interval,
		})
		everything := answer{[]string{"kube-system", "solar-a", "solar-b", "solar-c", "solar-d", "wind-a"}, "100", false, -1}
		list := func() answer { a, _ := f.list(as("carol"), t, request{}); return a }
		if diff := cmp.Diff(everything, list()); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		stream, err := f.Watch(as("carol"), &metainternalversion.ListOptions{ResourceVersion: "100" + digits})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Stop()
		away.Store(true)
		for range 3 {
			time.Sleep(interval)
			if diff := cmp.Diff(everything, list()); diff != "" {
				t.Errorf("list while reviews fail (-want +got):\n%s", diff)
			}
			if events := told(stream); len(events) > 0 {
				t.Errorf("events while reviews fail: %q", events)
			}
		}
		// Then nobody knows what she may see. She must not be told that it has gone.
		time.Sleep(3 * interval)
		if diff := cmp.Diff([]string{"end"}, told(stream)); diff != "" {
			t.Errorf("events long after reviews began to fail (-want +got):\n%s", diff)
		}
		if _, err := f.List(as("carol"), request{}.options(t)); codeOf(t, err) != 503 {
			t.Errorf("list long after reviews began to fail: %v", err)
		}
	})
}

// A change of the gate reaches all watches at once. They must not all ask for reviews then: native
// RBAC has nothing to do with the gate.
func TestGateDoesNotAskAboutNativeRBAC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const watches = 1000
		w := newWatching(t)
		w.rbac.set("carol", "namespaces", true)
		var streams []watch.Interface
		for range watches {
			streams = append(streams, w.begin(ask{ctx: as("carol"), initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}}))
		}
		synctest.Wait()
		before := w.rbac.count()
		for _, out := range []bool{true, false} {
			w.gate.shut("carol", out)
			synctest.Wait()
		}
		if got := w.rbac.count() - before; got != 0 {
			t.Errorf("two changes of the gate make %d reviews for %d watches", got, watches)
		}
		w.tells(streams[0]) // carol sees everything by native RBAC alone
		w.rbac.set("carol", "namespaces", false)
		time.Sleep(31 * time.Second) // by then each watch has asked by itself
		if got := w.rbac.count() - before; got < watches || got > 2*watches {
			t.Errorf("%d reviews for %d watches in an interval", got, watches)
		}
		if got := told(streams[0]); len(got) != 6 {
			t.Errorf("events after the next review: %q", got)
		}
	})
}

// A client that takes events without end still loses what its user may no longer see: its events
// must not starve the review.
func TestWatchReviewsABusyClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		w.rbac.set("alice", "namespaces", true)
		stream := w.begin(ask{initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}})
		synctest.Wait()
		for i := range uint64(100) {
			w.put(200+i, "other", "", nil)
		}
		w.rbac.set("alice", "namespaces", false)
		for i := range uint64(1000) {
			time.Sleep(100 * time.Millisecond)
			w.put(300+i, "other", "", nil)
			if strings.HasPrefix(toldText(<-stream.ResultChan()), "DELETED ") {
				return
			}
		}
		t.Error("the client still gets events of objects that its user may no longer see")
	})
}

// A watch follows a change of the gate at once. It does not miss a change that comes while it
// begins.
func TestWatchFollowsTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		stream := w.begin(ask{initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}})
		w.tells(stream)
		w.gate.shut("alice", true)
		w.tells(stream, "DELETED 101 solar-a", "DELETED 101 solar-b", "DELETED 101 solar-c", "DELETED 101 solar-d")
		w.gate.shut("bob", true)
		w.tells(stream)
		w.gate.shut("alice", false)
		w.tells(stream, "ADDED 103 solar-a", "ADDED 103 solar-b", "ADDED 103 solar-c", "ADDED 103 solar-d")
	})
}

// A user can resume only with the scope with which the revision was given. A revision that two of
// the user's clients got with different scopes has two pasts.
func TestWatchResumesWithTheSameScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		w.list(as("alice"), t, request{})
		w.rbac.set("alice", "namespaces", true)
		w.tells(w.begin(ask{request: request{version: "100"}}), tooOld, "end")
		// She needs another revision than the one at which she saw less.
		a, _ := w.list(as("alice"), t, request{})
		if a.Version != "101" {
			t.Errorf("list at %s", a.Version)
		}
		w.tells(w.begin(ask{request: request{version: "101"}}))
		w.tells(w.begin(ask{request: request{version: "100"}}), tooOld, "end")
		w.rbac.set("alice", "namespaces", false)
		w.tells(w.begin(ask{request: request{version: "100"}}), tooOld, "end")
		w.tells(w.begin(ask{request: request{version: "101"}}), tooOld, "end")
	})
}

// A service account gets a new token every hour.
func TestWatchResumesWithAnotherToken(t *testing.T) {
	with := func(token string) context.Context {
		return genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: "alice", Extra: map[string][]string{
			"authentication.kubernetes.io/credential-id": {token},
		}})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		w.list(with("1"), t, request{})
		w.tells(w.begin(ask{ctx: with("2"), request: request{version: "100"}}))
	})
}

// A user who saw less in one page of a list does not have the whole list. A watch must not resume
// from it.
func TestWatchDoesNotFollowAListOfSeveralScopes(t *testing.T) {
	for name, see := range map[string]func(w *watching, sees bool){
		"native RBAC": func(w *watching, sees bool) { w.rbac.set("carol", "namespaces", sees) },
		"the gate":    func(w *watching, sees bool) { w.gate.shut("carol", !sees) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatching(t)
				w.grant(view.User("carol"), view.Partition("solar"), listAndGet)
				see(w, true)
				first, next := w.list(as("carol"), t, request{limit: 2})
				see(w, false)
				_, next = w.list(as("carol"), t, request{limit: 1, next: next})
				see(w, true)
				if next != "" {
					w.list(as("carol"), t, request{limit: 9, next: next})
				}
				w.tells(w.begin(ask{ctx: as("carol"), request: request{version: first.Version}}), tooOld, "end")
			})
		})
	}
}

// Nor may it resume if the server has forgotten meanwhile what the user saw.
func TestWatchDoesNotFollowAListThatIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users = 100
		w := newWatching(t)
		w.rbac.set("carol", "namespaces", true)
		first, next := w.list(as("carol"), t, request{limit: 1})
		w.rbac.set("carol", "namespaces", false)
		_, next = w.list(as("carol"), t, request{limit: 3, next: next})
		w.Issued.KeepIssuedTo(users)
		for i := range users {
			w.list(as(fmt.Sprint("user-", i)), t, request{})
		}
		w.rbac.set("carol", "namespaces", true)
		w.list(as("carol"), t, request{limit: 9, next: next})
		w.tells(w.begin(ask{ctx: as("carol"), request: request{version: first.Version}}), tooOld, "end")
	})
}

// A client that takes its events slowly is not stuck, no matter when isStuck is called.
func TestWatchOfSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		for range 300 {
			ctx, cancel := context.WithTimeout(as("alice"), 62*time.Second) // shortly after a bookmark, at which isStuck is called
			defer cancel()                                                  //nolint:gocritic // the contexts end with the test
			stream := w.begin(ask{ctx: ctx})
			go func() {
				for range stream.ResultChan() {
					time.Sleep(5 * time.Second)
				}
			}()
		}
		for i := range uint64(15) {
			w.put(200+10*i, "solar-a", "solar", nil)
			time.Sleep(4 * time.Second)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(w.ends); n != 300 || slices.Contains(w.ends, "tenantnamespaces slow") {
			t.Errorf("%d watches have ended, some as slow: %v", n, slices.Contains(w.ends, "tenantnamespaces slow"))
		}
		time.Sleep(5 * time.Minute) // for the clients
	})
}

// The server does not forget a user who watches, however many others list meanwhile.
func TestWatchKeepsItsPositions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users = 1000
		w := newWatching(t)
		w.Issued.KeepIssuedTo(users)
		w.list(as("alice"), t, request{})
		w.tells(w.begin(ask{request: request{version: "100"}}))
		for i := range 2 * users {
			if i%(users/2) == 0 {
				time.Sleep(31 * time.Second)
			}
			w.list(as(fmt.Sprint("user-", i)), t, request{})
		}
		w.tells(w.begin(ask{request: request{version: "100"}}))
	})
}

// A client that takes nothing for a minute or two while events are waiting is cut off: waiting
// events keep old objects in memory.
func TestWatchOfAStuckClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		stuck, idle := w.begin(ask{}), w.begin(ask{ctx: as("bob")})
		slow := w.begin(ask{})
		for range 3 {
			time.Sleep(44 * time.Second)
			<-slow.ResultChan()
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"tenantnamespaces slow"}, w.ends); diff != "" {
			t.Errorf("observed (-want +got):\n%s", diff)
		}
		w.tells(stuck, append(slices.Clone(initially), "end")...)
		w.tells(slow, initially[3:]...)
		w.tells(idle)
	})
}

// The number of remembered revisions is bounded for each user and in total. A watch cannot resume
// at a forgotten one.
func TestWatchPositionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users = 100
		w := newWatching(t)
		w.list(as("alice"), t, request{})
		w.list(as("bob"), t, request{})
		for i := range uint64(registry.MaxIssued) {
			w.observe(200 + i)
			w.list(as("alice"), t, request{})
		}
		w.tells(w.begin(ask{request: request{version: "100"}}), tooOld, "end")
		w.tells(w.begin(ask{request: request{version: "200"}}))
		w.tells(w.begin(ask{ctx: as("bob"), request: request{version: "100"}}))
		w.Issued.KeepIssuedTo(users)
		for i := range users {
			w.list(as(fmt.Sprint("user-", i)), t, request{})
		}
		w.tells(w.begin(ask{request: request{version: "200"}}), tooOld, "end")
	})
}

// In a watch of tables, a bookmark is a row. Without its annotation, an informer of tables would
// wait forever.
func TestWatchBookmarkAsTable(t *testing.T) {
	for _, kind := range kinds.All(kinds.Options{}) {
		t.Run(kind.Resource, func(t *testing.T) {
			r := registry.NewREST(kind, view.NewSet(kind.Resource).View(kind.Resource), registry.Config{
				Viewers: viewers{}, Synced: func() bool { return true },
			})
			stream, err := r.Watch(as("alice"), &metainternalversion.ListOptions{AllowWatchBookmarks: true, SendInitialEvents: ptr.To(true)})
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Stop()
			event := <-stream.ResultChan()
			table, err := r.ConvertToTable(t.Context(), event.Object, &metav1.TableOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(table.Rows) != 1 || len(table.Rows[0].Cells) != len(table.ColumnDefinitions) {
				t.Fatalf("rows %+v", table.Rows)
			}
			want := watch.Event{Type: watch.Bookmark, Object: event.Object}
			got := watch.Event{Type: event.Type, Object: table.Rows[0].Object.Object}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
			if _, ok := event.Object.(runtime.CacheableObject); ok {
				t.Error("two clients share a bookmark")
			}
		})
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

func served() (bool, error)      { return true, nil }
func unavailable() (bool, error) { return false, errors.New("unavailable") }

// say sets the result of discovery, which may be wrong.
func (u *upstream) say(discovery func() (bool, error)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.discovery = discovery
}

// A single "not found" must not remove everything that a resource's objects grant. Discovery must
// agree, or the response must stay the same for half a minute.
func TestResourceThatIsNotFound(t *testing.T) {
	for name, tc := range map[string]struct {
		discovery func() (bool, error)
		// kept is how long the objects are kept.
		kept time.Duration
	}{
		"discovery agrees":         {nil, 0},
		"discovery says otherwise": {served, absentAfter},
		"discovery fails":          {unavailable, absentAfter},
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, streams bool) {
				u := newUpstream(streams, "20", custom("a", "11", nil))
				u.bookmark = custom("", "", nil)
				sink := &recorder[*capsule.Tenant]{}
				s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], sink)
				run(t, s)
				sink.take()
				u.say(tc.discovery)
				u.fail(notFound)
				lost := time.Now()
				const slack = 2 * absentPoll // until the source notices that the watch has ended
				for time.Since(lost) < tc.kept {
					lagAfter(time.Second, s)
					if got := stateOf(s); got != (state{synced: true, failing: s.Lag() > 0}) || len(sink.take()) > 0 {
						t.Fatalf("after %v: state %+v, or the sink was called", time.Since(lost), got)
					}
				}
				if tc.kept > 0 && s.Lag() < tc.kept-slack {
					t.Errorf("the lag after %v is %v", tc.kept, s.Lag())
				}
				time.Sleep(2 * slack)
				synctest.Wait()
				if got := stateOf(s); got != (state{synced: true, absent: true}) {
					t.Errorf("in the end: state %+v", got)
				}
				if diff := cmp.Diff([]call{{Method: "Replace"}}, sink.take()); diff != "" {
					t.Errorf("in the end (-want +got):\n%s", diff)
				}
				u.set("40", custom("b", "31", nil))
				time.Sleep(slack)
				synctest.Wait()
				if diff := cmp.Diff([]call{{"Replace", []string{"/b@31"}, 40}}, sink.take()); diff != "" || stateOf(s) != (state{synced: true}) {
					t.Errorf("served again: state %+v (-want +got):\n%s", stateOf(s), diff)
				}
			})
		})
	}
}

// Other responses in between, or successful lists, restart the half minute.
func TestResourceThatIsNotFoundNowAndThen(t *testing.T) {
	for name, between := range map[string]func(*upstream){
		"another failure": func(u *upstream) { u.fail(forbidden) },
		"a success":       func(u *upstream) { u.set("20", custom("a", "11", nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, streams bool) {
				u := newUpstream(streams, "20", custom("a", "11", nil))
				u.bookmark = custom("", "", nil)
				sink := &recorder[*capsule.Tenant]{}
				s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], sink)
				run(t, s)
				u.say(served)
				for range 5 {
					u.fail(notFound)
					time.Sleep(absentAfter - 3*absentPoll)
					between(u)
					time.Sleep(30 * time.Second) // the interval of retries after a while
					synctest.Wait()
				}
				for _, c := range sink.take() {
					if len(c.Items) == 0 {
						t.Errorf("the sink has lost what was read: %+v", c)
					}
				}
				if s.Absent() {
					t.Error("the resource counts as absent")
				}
			})
		})
	}
}

// If a watch is not found although a list is, the reflector continues by itself.
func TestWatchThatIsNotFoundOnce(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", custom("a", "11", nil))
		u.bookmark = custom("", "", nil)
		sink := &recorder[*capsule.Tenant]{}
		s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], sink)
		run(t, s)
		sink.take()
		u.say(served)
		status := notFound.Status()
		u.send(watch.Error, &status)
		time.Sleep(time.Minute)
		synctest.Wait()
		if diff := cmp.Diff([]call{{"Replace", []string{"/a@11"}, 20}}, sink.take()); diff != "" || stateOf(s) != (state{synced: true}) {
			t.Errorf("state %+v, calls (-want +got):\n%s", stateOf(s), diff)
		}
	})
}

// At the start, an absent resource must not keep the server from becoming ready. But a resource must
// not count as absent immediately when it is not found.
func TestAbsentAtTheStart(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		for name, tc := range map[string]struct {
			discovery func() (bool, error)
			within    time.Duration
		}{"discovery agrees": {nil, 0}, "discovery fails": {unavailable, absentAfter}} {
			u := newUpstream(streams, "20")
			u.bookmark = custom("", "", nil)
			u.fail(notFound)
			u.say(tc.discovery)
			s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], &recorder[*capsule.Tenant]{})
			start := time.Now()
			run(t, s)
			for !s.Synced() && time.Since(start) < time.Minute {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			if took := time.Since(start); took < tc.within || took > tc.within+2*absentPoll || !s.Absent() {
				t.Errorf("%s: absent %v after %v, want %v", name, s.Absent(), took, tc.within)
			}
		}
	})
}

func TestServed(t *testing.T) {
	for name, tc := range map[string]struct {
		code int
		body string
		want bool
		err  bool
	}{
		"served":                    {200, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"capsule.clastix.io/v1beta2","resources":[{"name":"tenants/status"},{"name":"tenants"}]}`, true, false},
		"others of the group":       {200, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"capsule.clastix.io/v1beta2","resources":[{"name":"tenants/status"},{"name":"tenantowners"}]}`, false, false},
		"no version":                {404, `404 page not found`, false, false},
		"no version, with a status": {404, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`, false, false},
		"forbidden":                 {403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`, false, true},
		"not ready":                 {503, `starting`, false, true},
		"no list":                   {200, `[]`, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/apis/capsule.clastix.io/v1beta2" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tc.code)
				_, _ = w.Write([]byte(tc.body))
			}))
			defer server.Close()
			clients, err := NewClients(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			got, err := clients.Served(t.Context(), capsule.Tenants)
			if got != tc.want || (err != nil) != tc.err {
				t.Errorf("served: %v, %v", got, err)
			}
		})
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/tenancy"
)

// All tests run in bubbles, whose clock advances only when all goroutines in them wait. So retries
// and polls take no time, and the tests are deterministic.

var (
	notFound  = apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "")
	forbidden = apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "", errors.New("no"))
)

// inBothModes runs a test with a kube-apiserver that streams lists, and with an older one.
func inBothModes(t *testing.T, test func(t *testing.T, streams bool)) {
	for _, streams := range []bool{false, true} {
		t.Run(fmt.Sprintf("streams=%v", streams), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, streams) })
		})
	}
}

func TestListAndWatch(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", namespace("b", "12"), namespace("a", "17"), namespace("c", "9"))
		sink := &recorder[tenancy.Namespace]{}
		s := New("namespaces", nil, u.listWatch(), as(tenancy.NewNamespace), sink)
		if s.Synced() {
			t.Error("the source is synced before it runs")
		}
		run(t, s)
		u.send(watch.Added, namespace("d", "21"))
		u.send(watch.Modified, namespace("c", "22"))
		u.send(watch.Deleted, namespace("a", "23"))
		u.send(watch.Bookmark, u.bookmarkAt("40"))
		u.send(watch.Added, namespace("a", "41"))
		synctest.Wait()
		want := []call{
			// Ordered by version, not by name.
			{"Replace", []string{"/c@9", "/b@12", "/a@17"}, 20},
			{"Put", []string{"/d@21"}, 0},
			{"Put", []string{"/c@22"}, 0},
			{"Delete", []string{"/a"}, 23},
			{"Bookmark", nil, 40},
			{"Put", []string{"/a@41"}, 0},
		}
		if diff := cmp.Diff(want, sink.take()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if got := stateOf(s); got != (state{synced: true}) {
			t.Errorf("state %+v", got)
		}
	})
}

// state is the state that a source reports.
type state struct{ synced, absent, failing bool }

func stateOf(s *Source) state { return state{s.Synced(), s.Absent(), s.Lag() > 0} }

// When the watch cannot be resumed, the sink gets the whole content again. The sink computes the
// difference, so that watches of the views are not interrupted.
func TestRelist(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", namespace("a", "11"), namespace("b", "12"))
		sink := &recorder[tenancy.Namespace]{}
		s := New("namespaces", nil, u.listWatch(), as(tenancy.NewNamespace), sink)
		run(t, s)
		sink.take()
		u.set("50", namespace("c", "45"), namespace("a", "33"))
		expired := apierrors.NewResourceExpired("too old").Status()
		u.send(watch.Error, &expired)
		time.Sleep(time.Minute)
		synctest.Wait()
		if diff := cmp.Diff([]call{{"Replace", []string{"/a@33", "/c@45"}, 50}}, sink.take()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// One invalid object must neither keep the others out nor stop the source.
func TestObjectThatCannotBeDecoded(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", custom("a", "11", map[string]any{}), custom("b", "12", "text"), custom("c", "13", map[string]any{"owners": int64(1)}))
		u.bookmark = custom("", "", nil)
		sink := &recorder[*capsule.Tenant]{}
		s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], sink)
		run(t, s)
		u.send(watch.Modified, custom("a", "21", []any{}))
		u.send(watch.Modified, custom("b", "22", map[string]any{}))
		u.send(watch.Deleted, custom("c", "23", "text"))
		synctest.Wait()
		want := []call{
			{"Replace", []string{"/a@11", "/b@12!", "/c@13!"}, 20},
			{"Put", []string{"/a@21!"}, 0},
			{"Put", []string{"/b@22"}, 0},
			{"Delete", []string{"/c"}, 23},
		}
		if diff := cmp.Diff(want, sink.take()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if got := stateOf(s); got != (state{synced: true}) {
			t.Errorf("state %+v", got)
		}
	})
}

// A version that is not a number must be forged, or from another server. It counts as unknown.
func TestVersionThatIsNoNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(false, "x", namespace("a", "11"), namespace("b", "y"))
		sink := &recorder[tenancy.Namespace]{}
		run(t, New("namespaces", nil, u.listWatch(), as(tenancy.NewNamespace), sink))
		if diff := cmp.Diff([]call{{"Replace", []string{"/b@0", "/a@11"}, 0}}, sink.take()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestResourceThatComesAndGoes(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20")
		u.bookmark = custom("", "", nil)
		u.fail(notFound)
		sink := &recorder[*capsule.Tenant]{}
		s := New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], sink)
		var synced atomic.Int32
		s.onSynced = func() { synced.Add(1) }

		expect := func(when string, wantState state, wantSynced bool, want ...call) {
			t.Helper()
			time.Sleep(2 * absentPoll)
			synctest.Wait()
			if got := stateOf(s); got != wantState {
				t.Errorf("%s: state %+v, want %+v", when, got, wantState)
			}
			if diff := cmp.Diff(want, sink.take()); diff != "" {
				t.Errorf("%s: calls (-want +got):\n%s", when, diff)
			}
			if n := synced.Swap(0); wantSynced != (n > 0) {
				t.Errorf("%s: onSynced was called %d times", when, n)
			}
		}
		run(t, s)
		expect("absent at the start", state{synced: true, absent: true}, true, call{Method: "Replace"})
		expect("still absent", state{synced: true, absent: true}, true)
		u.set("20", custom("a", "11", nil))
		expect("served", state{synced: true}, true, call{"Replace", []string{"/a@11"}, 20})
		u.fail(notFound)
		expect("absent again", state{synced: true, absent: true}, true, call{Method: "Replace"})
		u.set("40", custom("b", "31", nil))
		expect("served again", state{synced: true}, true, call{"Replace", []string{"/b@31"}, 40})
	})
}

// Only an optional resource counts as empty when it is absent. Otherwise the server would show an
// empty list of namespaces although there are some.
func TestRequiredResourceThatIsAbsent(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", namespace("a", "11"))
		u.fail(notFound)
		sink := &recorder[tenancy.Namespace]{}
		s := New("namespaces", nil, u.listWatch(), as(tenancy.NewNamespace), sink)
		run(t, s)
		time.Sleep(time.Minute)
		if got := stateOf(s); got != (state{failing: true}) || len(sink.take()) > 0 {
			t.Errorf("state %+v, or the sink was called", got)
		}
	})
}

// A source that fails reports for how long, retries, and recovers by itself. What it has read
// remains.
func TestConnectionThatIsLost(t *testing.T) {
	for name, err := range map[string]error{
		"forbidden":      forbidden,
		"internal error": apierrors.NewInternalError(errors.New("broken")),
		"unavailable":    apierrors.NewServiceUnavailable("starting"),
		"no connection":  errors.New("dial tcp: no route to host"),
		"too many":       apierrors.NewTooManyRequests("later", 1),
	} {
		for _, optional := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/optional=%v", name, optional), func(t *testing.T) {
				inBothModes(t, func(t *testing.T, streams bool) {
					u := newUpstream(streams, "20", namespace("a", "11"))
					u.fail(err)
					sink := &recorder[tenancy.Namespace]{}
					s := New("namespaces", u.servedIf(optional), u.listWatch(), as(tenancy.NewNamespace), sink)
					run(t, s)

					before := lagAfter(30*time.Second, s)
					if got := lagAfter(time.Minute, s); got != before+time.Minute || before == 0 {
						t.Errorf("lag of %v, and %v a minute later", before, got)
					}
					if got := stateOf(s); got != (state{failing: true}) {
						t.Errorf("away at the start: state %+v", got)
					}
					u.set("20", namespace("a", "11"))
					lagAfter(time.Minute, s)
					if got := stateOf(s); got != (state{synced: true}) {
						t.Errorf("back: state %+v", got)
					}
					u.fail(err)
					lagAfter(time.Minute, s)
					if got := stateOf(s); got != (state{synced: true, failing: true}) {
						t.Errorf("away later: state %+v", got)
					}
					u.set("60", namespace("b", "55"))
					lagAfter(time.Minute, s)
					if got := stateOf(s); got != (state{synced: true}) {
						t.Errorf("back again: state %+v", got)
					}
					// A resumed watch delivers the missed events itself.
					for _, c := range sink.take() {
						if c.Method != "Replace" || len(c.Items) == 0 {
							t.Errorf("the sink has lost what was read: %+v", c)
						}
					}
				})
			})
		}
	}
}

// lagAfter returns the lag of a source after the clock of the bubble has advanced.
func lagAfter(d time.Duration, s *Source) time.Duration {
	time.Sleep(d)
	synctest.Wait()
	return s.Lag()
}

// Until all sources have been read, the views do not show the truth.
func TestSourcesGoLiveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes atomic.Int32 // of the cluster; no sink is connected to it, so it can only go live
		cluster := tenancy.New(grantedKinds(), grants.DefaultPolicy(), func(time.Duration) { changes.Add(1) })
		all := &Sources{cluster: cluster}
		var upstreams []*upstream
		for _, optional := range []bool{false, true, false} {
			u := newUpstream(true, "20", namespace("a", "11"))
			u.fail(errors.New("away"))
			upstreams = append(upstreams, u)
			all.sources = append(all.sources, New("some", u.servedIf(optional), u.listWatch(), as(tenancy.NewNamespace), &recorder[tenancy.Namespace]{}))
		}
		log := &lines{}
		runWith(klog.NewContext(t.Context(), log.logger()), t, all)
		announced := func() int { return log.count("All sources have been read") }
		for i, u := range upstreams {
			if all.Live() || changes.Load() > 0 || announced() > 0 {
				t.Fatalf("live after %d of %d sources have been read", i, len(upstreams))
			}
			if i == 1 {
				u.fail(notFound) // counts as read, too
			} else {
				u.set("20", namespace("a", "11"))
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if !all.Live() || changes.Load() != 1 || announced() != 1 {
			t.Errorf("live %v, %d changes after all sources have been read", all.Live(), changes.Load())
		}
		for _, u := range upstreams {
			u.set("50", namespace("a", "33"))
			expired := apierrors.NewResourceExpired("too old").Status()
			u.send(watch.Error, &expired)
		}
		time.Sleep(time.Minute)
		upstreams[2].fail(errors.New("away"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if !all.Live() || changes.Load() != 1 || announced() != 1 {
			t.Errorf("live %v, %d changes after sources have been read again", all.Live(), changes.Load())
		}
	})
}

func grantedKinds() []grants.Kind {
	var granted []grants.Kind
	for _, k := range kinds.All(kinds.Options{}) {
		granted = append(granted, k.Kind)
	}
	return granted
}

// A list may hold objects of unexpected types. That is an error of the object, not a crash.
func TestObjectOfAnotherType(t *testing.T) {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	for name, decode := range map[string]func() error{
		"namespace": func() error { _, err := as(tenancy.NewNamespace)(u); return err },
		"binding":   func() error { _, err := binding(u); return err },
		"role":      func() error { _, err := role(u); return err },
		"tenant":    func() error { _, err := capsuleObject[capsule.Tenant](&corev1.Namespace{}); return err },
	} {
		if decode() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

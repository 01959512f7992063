// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/view"
)

// A program that got an empty list while reviews fail would delete what it manages. Users with
// grants are served by these: their lists are not empty.
func TestNativeRBACUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		w.grant(view.User("getter"), view.Name("solar-a"), view.OpGet)
		first, _ := w.list(as("alice"), t, request{limit: 1})
		_, token := w.list(as("alice"), t, request{limit: 1})
		type codes struct{ List, Page, Watch, Own, Hidden, Absent int32 }
		ask := func(name string) codes {
			ctx, cancel := context.WithCancel(as(name))
			defer cancel()
			get := func(object string) int32 {
				_, err := w.Get(ctx, object, &metav1.GetOptions{})
				return codeOf(t, err)
			}
			_, list := w.List(ctx, nil)
			_, page := w.List(ctx, request{next: token, limit: 1}.options(t))
			stream, watching := w.Watch(ctx, &metainternalversion.ListOptions{})
			if watching == nil {
				stream.Stop()
			}
			return codes{codeOf(t, list), codeOf(t, page), codeOf(t, watching), get("solar-a"), get("kube-system"), get("absent")}
		}
		if len(first.Names) != 1 {
			t.Fatalf("first page %v", first)
		}
		expect := func(when string, want map[string]codes) {
			t.Helper()
			got := map[string]codes{}
			for name := range want {
				got[name] = ask(name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		expect("while RBAC answers", map[string]codes{
			"alice": {200, 200, 200, 200, 404, 404}, "getter": {200, 410, 200, 200, 404, 404}, "nobody": {200, 410, 200, 404, 404, 404},
		})
		w.rbac.fail(errors.New("away"))
		expect("while it does not", map[string]codes{
			"alice": {200, 200, 200, 200, 503, 503}, "getter": {503, 410, 503, 200, 503, 503}, "nobody": {503, 410, 503, 503, 503, 503},
		})
		_, err := w.List(as("nobody"), nil)
		if status := statusOf(t, err); status.Reason != metav1.StatusReasonServiceUnavailable || status.Details == nil || status.Details.RetryAfterSeconds < 1 {
			t.Errorf("status %+v, want one that says when to retry", status)
		}
		_, hidden := w.Get(as("nobody"), "solar-a", &metav1.GetOptions{})
		_, absent := w.Get(as("nobody"), "absent", &metav1.GetOptions{})
		if diff := cmp.Diff(statusOf(t, absent), statusOf(t, hidden)); diff != "" {
			t.Errorf("answers differ (-absent +hidden):\n%s", diff)
		}
	})
}

// While reviews fail, a running watch continues by grants alone.
func TestWatchWhileReviewsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(t)
		stream := w.begin(ask{initial: ptr.To(false), request: request{versionMatch: metav1.ResourceVersionMatchNotOlderThan}})
		w.tells(stream)
		w.rbac.fail(errors.New("away"))
		before := w.rbac.count()
		time.Sleep(5 * time.Minute)
		w.tells(stream)
		if w.rbac.count() == before {
			t.Error("no review has failed")
		}
		w.put(110, "solar-e", "solar", nil)
		w.tells(stream, "ADDED 110 solar-e")
	})
}

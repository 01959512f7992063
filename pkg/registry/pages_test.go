// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

func TestPages(t *testing.T) {
	cases := map[string]struct {
		q    request
		want []answer
	}{
		"of one": {request{limit: 1}, []answer{
			{[]string{"solar-a"}, "100", true, 3},
			{[]string{"solar-b"}, "100", true, 2},
			{[]string{"solar-c"}, "100", true, 1},
			{[]string{"solar-d"}, "100", false, -1},
		}},
		"of three": {request{limit: 3}, []answer{
			{[]string{"solar-a", "solar-b", "solar-c"}, "100", true, 1},
			{[]string{"solar-d"}, "100", false, -1},
		}},
		// remainingItemCount is for lists without selectors only: see metav1.ListMeta.
		"by label": {request{limit: 1, labels: "env=prod"}, []answer{
			{[]string{"solar-a"}, "100", true, -1},
			{[]string{"solar-d"}, "100", false, -1},
		}},
		"by field": {request{limit: 2, fields: "metadata.name!=solar-b"}, []answer{
			{[]string{"solar-a", "solar-c"}, "100", true, -1},
			{[]string{"solar-d"}, "100", false, -1},
		}},
		"that fit": {request{limit: 4}, []answer{{[]string{"solar-a", "solar-b", "solar-c", "solar-d"}, "100", false, -1}}},
		// In one piece, as from kube-apiserver's watch cache: client-go takes pages as a sign of a
		// server without one.
		"of any age": {request{limit: 3, version: "0"}, []answer{{[]string{"solar-a", "solar-b", "solar-c", "solar-d"}, "100", false, -1}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newSolarFixture()
			var got []answer
			for q := tc.q; ; {
				a, next := f.list(as("alice"), t, q)
				got = append(got, a)
				if next == "" {
					break
				}
				f.put(uint64(200+len(got)), fmt.Sprintf("solar-%d-new", len(got)), "solar", nil)
				q.next, q.version = next, ""
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
}

// The limit may change from page to page, and a page may be requested again.
func TestPageOfAnotherSize(t *testing.T) {
	f := newSolarFixture()
	_, next := f.list(as("alice"), t, request{limit: 1})
	for _, tc := range []struct {
		limit int64
		want  answer
	}{
		{2, answer{[]string{"solar-b", "solar-c"}, "100", true, 1}},
		{0, answer{[]string{"solar-b", "solar-c", "solar-d"}, "100", false, -1}},
		{1, answer{[]string{"solar-b"}, "100", true, 2}},
		{9, answer{[]string{"solar-b", "solar-c", "solar-d"}, "100", false, -1}},
	} {
		got, _ := f.list(as("alice"), t, request{limit: tc.limit, next: next})
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", tc.limit, diff)
		}
	}
}

// Later pages show the list as it was when it began, without objects that the user may no longer
// see.
func TestPagesAfterChanges(t *testing.T) {
	prod := map[string]string{"env": "prod"}
	cases := map[string]struct {
		change func(*fixture)
		want   []string
	}{
		"nothing":                 {func(*fixture) {}, []string{"solar-b", "solar-c", "solar-d"}},
		"one is changed":          {func(f *fixture) { f.put(201, "solar-b", "solar", prod) }, []string{"solar-b", "solar-c", "solar-d"}},
		"one is new":              {func(f *fixture) { f.put(201, "solar-bb", "solar", prod) }, []string{"solar-b", "solar-c", "solar-d"}},
		"one is deleted":          {func(f *fixture) { f.delete(201, "solar-c") }, []string{"solar-b", "solar-d"}},
		"one has moved away":      {func(f *fixture) { f.put(201, "solar-c", "wind", prod) }, []string{"solar-b", "solar-d"}},
		"one has come":            {func(f *fixture) { f.put(201, "wind-a", "solar", prod) }, []string{"solar-b", "solar-c", "solar-d"}},
		"all are revoked":         {func(f *fixture) { f.revoke(view.User("alice"), view.Partition("solar"), listAndGet) }, nil},
		"one is granted to get":   {func(f *fixture) { f.put(201, "solar-c", "wind", nil); getOnly(f, "solar-c") }, []string{"solar-b", "solar-d"}},
		"one is granted by name":  {func(f *fixture) { f.put(201, "solar-c", "wind", nil); listed(f, "solar-c") }, []string{"solar-b", "solar-c", "solar-d"}},
		"all by review meanwhile": {func(f *fixture) { f.delete(201, "solar-c"); f.reviews["alice list"] = true }, []string{"solar-b", "solar-d"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newSolarFixture()
			before := objects(t, f, request{})
			_, next := f.list(as("alice"), t, request{limit: 1})
			tc.change(f)
			got := objects(t, f, request{limit: 9, next: next})
			want := map[string]v1alpha1.TenantNamespace{}
			for _, name := range tc.want {
				want[name] = before[name]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("second page (-want +got):\n%s", diff)
			}
		})
	}
}

func getOnly(f *fixture, name string) { f.grant(view.User("alice"), view.Name(name), view.OpGet) }
func listed(f *fixture, name string)  { f.grant(view.User("alice"), view.Name(name), listAndGet) }

// objects returns alice's list by name.
func objects(t *testing.T, f *fixture, q request) map[string]v1alpha1.TenantNamespace {
	t.Helper()
	got, err := f.List(as("alice"), q.options(t))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]v1alpha1.TenantNamespace{}
	for _, item := range got.(*v1alpha1.TenantNamespaceList).Items {
		m[item.Name] = item
	}
	return m
}

// A token belongs to one user. It must be useless to all others.
func TestPageOfAnotherUser(t *testing.T) {
	f := newSolarFixture()
	_, next := f.list(as("alice", "devs"), t, request{limit: 1})
	others := map[string]context.Context{
		"another user":         as("bob", "devs"),
		"fewer groups":         as("alice"),
		"more groups":          as("alice", "devs", "ops"),
		"another uid":          asInfo(&user.DefaultInfo{Name: "alice", UID: "7", Groups: []string{"devs"}}),
		"an admin who sees it": as("root"),
	}
	f.reviews["root list"] = true
	for name, ctx := range others {
		_, err := f.List(ctx, request{limit: 1, next: next}.options(t))
		if code := codeOf(t, err); code != 410 {
			t.Errorf("%s: code %d, want 410", name, code)
		}
	}
	for name, ctx := range map[string]context.Context{
		"the user himself":        as("alice", "devs"),
		"the user's other tokens": asInfo(&user.DefaultInfo{Name: "alice", Groups: []string{"devs"}, Extra: map[string][]string{"credential": {"2"}}}),
	} {
		got, _ := f.list(ctx, t, request{limit: 1, next: next})
		if diff := cmp.Diff(answer{[]string{"solar-b"}, "100", true, 2}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func asInfo(u user.Info) context.Context {
	return genericapirequest.WithUser(context.Background(), u)
}

func TestTokensThatAreNotOurs(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	cases := map[string]struct {
		q    request
		code int32
	}{
		"not base64":        {request{next: "*"}, 400},
		"not JSON":          {request{next: encode([]byte("list"))}, 400},
		"not an object":     {request{next: encode([]byte("[1]"))}, 400},
		"no list":           {request{next: encode([]byte(`{"from":1}`))}, 400},
		"negative":          {request{next: encode([]byte(`{"list":"x","from":-1}`))}, 400},
		"kube-apiserver's":  {request{next: encode([]byte(`{"v":"meta.k8s.io/v1","rv":1,"start":"a"}`))}, 400},
		"of another server": {request{next: encode([]byte(`{"list":"x","from":1}`))}, 410},
		"with a version":    {request{next: encode([]byte(`{"list":"x","from":1}`)), version: "7"}, 400},
		"with version 0":    {request{next: encode([]byte(`{"list":"x","from":1}`)), version: "0"}, 410},
	}
	for name, tc := range cases {
		_, err := newSolarFixture().List(as("alice"), tc.q.options(t))
		if code := codeOf(t, err); code != tc.code {
			t.Errorf("%s: code %d, want %d", name, code, tc.code)
		}
	}
}

// Clients list again from the beginning when they get this status.
func TestPagesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock advances when all goroutines wait
		f := newSolarFixture()
		_, next := f.list(as("alice"), t, request{limit: 1})
		time.Sleep(registry.PageTTL)
		if _, err := f.List(as("alice"), request{limit: 1, next: next}.options(t)); err != nil {
			t.Fatalf("just before the token expires: %v", err)
		}
		time.Sleep(time.Nanosecond)
		_, err := f.List(as("alice"), request{limit: 1, next: next}.options(t))
		if got := statusOf(t, err); got.Code != 410 || got.Reason != "Expired" {
			t.Errorf("status %+v, want 410 Expired", got)
		}
	})
}

// The memory of unfinished lists is bounded, for each user and in total. The oldest lists of the
// user with the most are dropped first.
func TestPagesAreBounded(t *testing.T) {
	type list struct{ user, next string }
	begin := func(t *testing.T, f *fixture, user string) list {
		t.Helper()
		_, next := f.list(as(user, "everybody"), t, request{limit: 1})
		return list{user, next}
	}
	goesOn := func(t *testing.T, f *fixture, l list) bool {
		t.Helper()
		_, err := f.List(as(l.user, "everybody"), request{limit: 1, next: l.next}.options(t))
		if code := codeOf(t, err); code != 200 && code != 410 {
			t.Fatalf("code %d", code)
		}
		return err == nil
	}
	newFixtureOf := func(n int) *fixture {
		f := newFixture()
		f.grant(view.Group("everybody"), view.All(), listAndGet)
		f.set.Update(0, func(tx *view.Tx) {
			for i := range n {
				tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: fmt.Sprint("ns-", i)}, Version: uint64(i + 1), Value: aNamespace})
			}
		})
		return f
	}
	cases := map[string]struct {
		objects, users int
		// evicted is how many of the first lists are dropped.
		evicted int
		lists   int
	}{
		"of one user":      {objects: 2, users: 1, lists: registry.MaxListsOfUser + 3, evicted: 3},
		"of all users":     {objects: 2, users: registry.MaxLists / registry.MaxListsOfUser * 2, lists: registry.MaxLists + 7, evicted: 7},
		"of their entries": {objects: registry.MaxPagedBytes / registry.EntryBytes / 64, users: 32, lists: 64 + 5, evicted: 5},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixtureOf(tc.objects)
			var lists []list
			for i := range tc.lists {
				lists = append(lists, begin(t, f, fmt.Sprint("user-", i%tc.users)))
			}
			var lost []int
			for i, l := range lists {
				if !goesOn(t, f, l) {
					lost = append(lost, i)
				}
			}
			var want []int
			for i := range tc.evicted {
				want = append(want, i)
			}
			if diff := cmp.Diff(want, lost); diff != "" {
				t.Errorf("lists that were dropped (-want +got):\n%s", diff)
			}
		})
	}
}

// If several users have equally many lists, the oldest list of them all is dropped.
func TestPagesOfManyUsers(t *testing.T) {
	f := newSolarFixture()
	f.grant(view.Group("others"), view.Partition("solar"), listAndGet)
	for i := range registry.MaxLists - 1 {
		f.list(as(fmt.Sprint("old-", i), "others"), t, request{limit: 1})
	}
	_, next := f.list(as("alice"), t, request{limit: 1})
	for i := range 500 {
		f.list(as(fmt.Sprint("new-", i), "others"), t, request{limit: 1})
	}
	if _, err := f.List(as("alice"), request{limit: 1, next: next}.options(t)); err != nil {
		t.Errorf("a list was dropped before older ones: %v", err)
	}
}

// A single list that exceeds the total bound can still be read to its end.
func TestPagesOfALargeList(t *testing.T) {
	f := newSolarFixture()
	f.set.Update(0, func(tx *view.Tx) {
		tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: "zz", Partition: "solar"}, Version: 20, Value: aNamespace, Size: 2 * registry.MaxPagedBytes})
	})
	for range 3 {
		_, next := f.list(as("alice"), t, request{limit: 1})
		if got, _ := f.list(as("alice"), t, request{limit: 1, next: next}); !slices.Equal(got.Names, []string{"solar-b"}) {
			t.Errorf("second page %v", got.Names)
		}
	}
}

// A user cannot displace the lists of another user, neither with many service accounts nor with
// large lists.
func TestPagesOfOthersStay(t *testing.T) {
	for name, tc := range map[string]struct {
		lists, size int
		user        func(i int) string
	}{
		"one user":                {2 * registry.MaxListsOfUser, 0, func(int) string { return "bob" }},
		"service accounts":        {2 * registry.MaxLists, 0, func(i int) string { return fmt.Sprint("system:serviceaccount:solar-a:", i) }},
		"lists of large objects":  {40, registry.MaxPagedBytes / 80, func(int) string { return "bob" }},
		"large, of many accounts": {40, registry.MaxPagedBytes / 80, func(i int) string { return fmt.Sprint("system:serviceaccount:solar-a:", i) }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSolarFixture()
			first, next := f.list(as("alice"), t, request{limit: 1})
			for i := range 4 { // objects that others see and alice does not
				f.set.Update(0, func(tx *view.Tx) {
					tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: fmt.Sprint("large-", i)}, Version: uint64(20 + i), Value: aNamespace, Size: tc.size})
					tx.Grant(f.view, view.Group("others"), view.Grant{Criterion: view.Name(fmt.Sprint("large-", i)), Operations: listAndGet})
				})
			}
			var latest string
			for i := range tc.lists {
				_, latest = f.list(as(tc.user(i), "others"), t, request{limit: 1})
			}
			got, _ := f.list(as("alice"), t, request{limit: 1, next: next})
			if diff := cmp.Diff(answer{[]string{"solar-b"}, first.Version, true, 2}, got); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
			if got, _ := f.list(as(tc.user(tc.lists-1), "others"), t, request{limit: 1, next: latest}); len(got.Names) != 1 {
				t.Errorf("the latest list cannot be continued: %+v", got)
			}
		})
	}
}

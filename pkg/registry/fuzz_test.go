// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// forgers are users with the names that they may see. Each has the tokens and resourceVersions of
// all.
var forgers = map[string][]string{
	"alice":   {"solar-a", "solar-b", "solar-c", "solar-d"},
	"mallory": nil,
	"wendy":   {"wind-a"},
}

// FuzzContinue lists with any continue token: what a user makes up, the token of another user, or a
// part of it. Nobody gets what he may not see, nor an error that other servers would not give.
func FuzzContinue(f *testing.F) {
	for _, next := range []string{"x", "e30", "eyJsaXN0IjoieCIsImZyb20iOjF9", "TOKEN", "TOKEN=", "\x00", strings.Repeat("A", 5000)} {
		for i := range uint8(3) {
			f.Add(next, `{"list":"LIST","from":2}`, "", int64(1), i)
			f.Add("", `{"list":"LIST","from":`+strconv.Itoa(int(i)*3-1)+`}`, "0", int64(0), i)
			f.Add("", `{"LIST":"LIST","from":1e3,"from":0}`, "", int64(-1), i)
		}
	}
	fixture := newSolarFixture()
	names := sortedKeys(forgers)
	f.Fuzz(func(t *testing.T, next, content, version string, limit int64, user uint8) {
		who := names[int(user)%len(names)]
		_, token := fixture.list(as("alice"), t, request{limit: 1})
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Split(string(raw), `"`)[3]
		if next = strings.ReplaceAll(next, "TOKEN", token); next == "" {
			next = base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(content, "LIST", list)))
		}
		if next == "" {
			t.Skip("no token")
		}
		got, err := fixture.List(asForger(who), &metainternalversion.ListOptions{Continue: next, Limit: limit, ResourceVersion: version})
		if err != nil {
			if code := codeOf(t, err); code != 400 && code != 410 {
				t.Errorf("code %d: %v", code, err)
			}
			return
		}
		if who != "alice" {
			t.Errorf("%s may continue the list of alice with %q", who, next)
		}
		checkNames(t, who, got.(*v1alpha1.TenantNamespaceList))
	})
}

// FuzzResourceVersion lists, gets and watches at any resourceVersion, after alice has got some.
// Nobody sees more than at none, and the answer is one that clients know.
func FuzzResourceVersion(f *testing.F) {
	for i := range uint8(3) {
		for _, version := range []string{"", "0", "1", "99", "100", "101", "GIVEN", "-1", "x", "00", "18446744073709551615", "18446744073709551616", "100000000", "9223372036854775807"} {
			f.Add(version, "", "solar-a", i, false)
			f.Add(version, "Exact", "kube-system", i, true)
			f.Add(version, "NotOlderThan", "wind-a", i, true)
		}
	}
	fixture := newSolarFixture()
	list, err := fixture.List(as("alice"), nil)
	if err != nil {
		f.Fatal(err)
	}
	m, err := meta.ListAccessor(list)
	if err != nil {
		f.Fatal(err)
	}
	given := m.GetResourceVersion()
	names := sortedKeys(forgers)
	f.Fuzz(func(t *testing.T, version, match, name string, user uint8, initial bool) {
		who := names[int(user)%len(names)]
		version = strings.ReplaceAll(version, "GIVEN", given)
		known := func(err error) {
			t.Helper()
			if code := codeOf(t, err); !slices.Contains([]int32{200, 400, 404, 410, 504}, code) {
				t.Errorf("%q %q: code %d: %v", version, match, code, err)
			}
		}
		ctx, cancel := context.WithCancel(asForger(who))
		cancel() // so that nothing waits for versions of the future
		options := &metainternalversion.ListOptions{ResourceVersion: version, ResourceVersionMatch: metav1.ResourceVersionMatch(match)}
		got, err := fixture.List(ctx, options)
		if known(err); err == nil {
			checkNames(t, who, got.(*v1alpha1.TenantNamespaceList))
		}
		object, err := fixture.Get(ctx, name, &metav1.GetOptions{ResourceVersion: version})
		if known(err); err == nil {
			checkName(t, who, object.(*v1alpha1.TenantNamespace).Name)
		}
		if initial {
			options.SendInitialEvents = &initial
		}
		w, err := fixture.Watch(ctx, options)
		if known(err); err == nil {
			checkEvents(t, who, w)
		}
	})
}

func asForger(name string) context.Context {
	if name == "wendy" {
		return as(name, "windy")
	}
	return as(name)
}

func checkNames(t *testing.T, who string, list *v1alpha1.TenantNamespaceList) {
	t.Helper()
	for i := range list.Items {
		checkName(t, who, list.Items[i].Name)
	}
}

func checkName(t *testing.T, who, name string) {
	t.Helper()
	if !slices.Contains(forgers[who], name) {
		t.Errorf("%s sees %q", who, name)
	}
}

// checkEvents reads a watch whose request has ended.
func checkEvents(t *testing.T, who string, w watch.Interface) {
	t.Helper()
	for event := range w.ResultChan() {
		switch o := plain(event.Object).(type) {
		case *v1alpha1.TenantNamespace:
			if event.Type != watch.Bookmark {
				checkName(t, who, o.Name)
			}
		case *metav1.Status:
			if o.Code != 410 && o.Code != 504 && o.Code != 400 {
				t.Errorf("event of %+v", o)
			}
		default:
			t.Errorf("event of %T", o)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
)

func TestConvertToTable(t *testing.T) {
	f := newSolarFixture()
	get := func(name string) runtime.Object {
		o, err := f.Get(as("alice"), name, &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	list := func(user string, q request) runtime.Object {
		o, err := f.List(as(user), q.options(t))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	page := list("alice", request{limit: 2})
	next := page.(*v1alpha1.TenantNamespaceList).Continue
	row := func(name string) metav1.TableRow {
		return metav1.TableRow{Cells: []any{name, "Active", "<unknown>", "solar"}, Object: runtime.RawExtension{Object: get(name)}}
	}
	columns := tenantnamespace.Kind().Columns
	cases := map[string]struct {
		object, options runtime.Object
		want            metav1.Table
	}{
		"object": {
			object: get("solar-a"),
			want:   metav1.Table{ListMeta: metav1.ListMeta{ResourceVersion: "12" + digits}, ColumnDefinitions: columns, Rows: []metav1.TableRow{row("solar-a")}},
		},
		"list": {
			object: list("alice", request{labels: "env=prod"}), options: &metav1.TableOptions{},
			want: metav1.Table{ListMeta: metav1.ListMeta{ResourceVersion: "100" + digits}, ColumnDefinitions: columns, Rows: []metav1.TableRow{row("solar-a"), row("solar-d")}},
		},
		"empty list": {
			object: list("carol", request{}), options: &metav1.TableOptions{},
			want: metav1.Table{ListMeta: metav1.ListMeta{ResourceVersion: "100" + digits}, ColumnDefinitions: columns, Rows: []metav1.TableRow{}},
		},
		"without headers": {
			object: list("alice", request{labels: "team"}), options: &metav1.TableOptions{NoHeaders: true},
			want: metav1.Table{ListMeta: metav1.ListMeta{ResourceVersion: "100" + digits}, Rows: []metav1.TableRow{row("solar-d")}},
		},
		"page": {
			object: page, options: &metav1.TableOptions{},
			want: metav1.Table{
				ListMeta:          metav1.ListMeta{ResourceVersion: "100" + digits, Continue: next, RemainingItemCount: ptr.To[int64](2)},
				ColumnDefinitions: columns, Rows: []metav1.TableRow{row("solar-a"), row("solar-b")},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := f.ConvertToTable(as("alice"), tc.object, tc.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tc.want, got); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock stands still
		for want, since := range map[string]time.Duration{"5s": 5 * time.Second, "90m": 90 * time.Minute, "30d": 30 * 24 * time.Hour} {
			if got := registry.Age(metav1.NewTime(time.Now().Add(-since))); got != want {
				t.Errorf("age of %v: %q, want %q", since, got, want)
			}
		}
	})
	if got := registry.Age(metav1.Time{}); got != "<unknown>" {
		t.Errorf("age of the zero time: %q", got)
	}
}

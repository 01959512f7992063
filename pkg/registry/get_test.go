// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/view"
)

func TestGet(t *testing.T) {
	cases := map[string]struct {
		user    string
		groups  []string
		grant   *view.Grant // to the user alice, who then does not own solar
		reviews []string
		name    string
		found   bool
	}{
		"own":                               {user: "alice", name: "solar-a", found: true},
		"by group":                          {user: "bob", groups: []string{"windy"}, name: "wind-a", found: true},
		"user of a group's name":            {user: "windy", name: "wind-a"},
		"group of a user's name":            {user: "bob", groups: []string{"alice"}, name: "solar-a"},
		"of another tenant":                 {user: "alice", name: "wind-a"},
		"of no tenant":                      {user: "alice", name: "kube-system"},
		"absent":                            {user: "alice", name: "nope"},
		"without any grant":                 {user: "carol", name: "solar-a"},
		"by native list":                    {user: "carol", reviews: []string{"carol list"}, name: "kube-system", found: true},
		"by native get":                     {user: "carol", reviews: []string{"carol get kube-system"}, name: "kube-system", found: true},
		"by native get of another":          {user: "carol", reviews: []string{"carol get wind-a"}, name: "kube-system"},
		"native list of an absent one":      {user: "carol", reviews: []string{"carol list"}, name: "nope"},
		"another user's native list":        {user: "carol", reviews: []string{"dora list"}, name: "kube-system"},
		"by a grant to get only":            {user: "carol", grant: &view.Grant{Criterion: view.Name("wind-a"), Operations: view.OpGet}, name: "wind-a", found: true},
		"by a grant that allows other only": {user: "carol", grant: &view.Grant{Criterion: view.Name("wind-a"), Operations: view.OpUpdate}, name: "wind-a"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newSolarFixture()
			for _, r := range tc.reviews {
				f.reviews[r] = true
			}
			if tc.grant != nil {
				f.grant(view.User("carol"), tc.grant.Criterion, tc.grant.Operations)
			}
			got, err := f.Get(as(tc.user, tc.groups...), tc.name, &metav1.GetOptions{})
			if want := map[bool]int32{true: 200, false: 404}[tc.found]; codeOf(t, err) != want {
				t.Fatalf("code %d, want %d", codeOf(t, err), want)
			}
			if tc.found && got.(*v1alpha1.TenantNamespace).Name != tc.name {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestGetReturnsTheObject(t *testing.T) {
	f := newSolarFixture()
	got, err := f.Get(as("alice"), "solar-c", &metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.TenantNamespace{
		ObjectMeta: metav1.ObjectMeta{
			Name:            "solar-c",
			UID:             got.(*v1alpha1.TenantNamespace).UID, // tested with the conversions
			ResourceVersion: "13" + digits,
			Labels:          map[string]string{"env": "test"},
		},
		Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
		Tenant: "solar",
	}
	if diff := cmp.Diff(runtime.Object(want), got); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

// If the answers differed in one byte, they would reveal that a hidden object exists.
func TestHiddenIsNotFoundLikeAbsent(t *testing.T) {
	for _, name := range []string{"wind-a", "kube-system"} {
		hiding, empty := newSolarFixture(), newFixture()
		_, hidden := hiding.Get(as("alice"), name, &metav1.GetOptions{})
		_, absent := empty.Get(as("alice"), name, &metav1.GetOptions{})
		if diff := cmp.Diff(statusOf(t, absent), statusOf(t, hidden)); diff != "" {
			t.Errorf("%s (-absent +hidden):\n%s", name, diff)
		}
	}
}

// No object can have such a name. If the server remembered reviews of such names, users could fill
// its memory with them.
func TestNothingIsAskedAboutNamesThatAreTooLong(t *testing.T) {
	for length, want := range map[int]int{253: 1, 254: 0, 100_000: 0} {
		r := &countingReviews{}
		f := newSolarFixture()
		f.REST = registry.NewREST(tenantnamespace.Kind(), f.view, registry.Config{Viewers: viewers{}, ServerID: serverID, Reviews: r, Synced: func() bool { return true }})
		_, err := f.Get(as("alice"), strings.Repeat("a", length), &metav1.GetOptions{})
		if code := codeOf(t, err); code != 404 || r.gets != want {
			t.Errorf("%d letters: code %d after %d reviews, want %d", length, code, r.gets, want)
		}
	}
}

// countingReviews counts reviews and allows nothing.
type countingReviews struct {
	registry.Reviews
	gets int
}

func (r *countingReviews) CanList(context.Context, user.Info, schema.GroupVersionResource) (bool, error) {
	return false, nil
}

func (r *countingReviews) CanGet(context.Context, user.Info, schema.GroupVersionResource, string) (bool, error) {
	r.gets++
	return false, nil
}

func TestRequestsThatAreNotAdmitted(t *testing.T) {
	f := newSolarFixture()
	requests := map[string]func(context.Context) error{
		"get": func(ctx context.Context) error {
			_, err := f.Get(ctx, "solar-a", &metav1.GetOptions{})
			return err
		},
		"list": func(ctx context.Context) error {
			_, err := f.List(ctx, nil)
			return err
		},
	}
	for name, send := range requests {
		f.synced = true
		if code := codeOf(t, send(context.Background())); code != 401 {
			t.Errorf("%s without a user: code %d, want 401", name, code)
		}
		f.synced = false
		if code := codeOf(t, send(as("alice"))); code != 503 {
			t.Errorf("%s before the sources have been read: code %d, want 503", name, code)
		}
	}
}

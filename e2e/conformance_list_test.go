// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/e2e/testcluster"
)

// A list of 2,000 objects comes in pages, which together are the whole list in one state of the cluster.
// No page shows changes that happen between two pages. Later pages do not show objects that the user has
// lost meanwhile.
func TestChunking(t *testing.T) {
	const total, limit = 2000, 100
	many := &strings.Builder{}
	for i := range total {
		fmt.Fprintf(many, "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: many-%04d, labels: {half: \"%d\"}}, provisioner: example.com/disk}\n---\n", i, i%2)
	}
	arrange(t, many.String()+`
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: many}
spec:
  owners: [{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List]}]}]
  storageClasses: {allowedRegex: "^many-"}
`)
	alice := shared.As(t, "alice")
	path := kindOf("storageclasses").Path()
	all := testcluster.Names(testcluster.Get(t, alice, path).List(t))
	if len(all) != total {
		t.Fatalf("alice sees %d objects", len(all))
	}

	t.Run("pages", func(t *testing.T) {
		var got []string
		version, next := "", ""
		for n := 1; ; n++ {
			a := testcluster.Get(t, alice, fmt.Sprintf("%s?limit=%d&continue=%s", path, limit, url.QueryEscape(next))).Expect(t, 200)
			list := a.List(t)
			if version == "" {
				version = list.GetResourceVersion()
				// The following pages have neither the new object nor the new label.
				shared.Create(t, "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: many-0150a}, provisioner: example.com/disk}")
				settle(t)
			}
			if list.GetResourceVersion() != version {
				t.Fatalf("page %d has resourceVersion %s, but the first one has %s", n, list.GetResourceVersion(), version)
			}
			got = append(got, testcluster.Names(list)...)
			left := list.GetRemainingItemCount()
			if next = list.GetContinue(); next == "" {
				if left != nil {
					t.Errorf("the last page says that %d objects are left", *left)
				}
				break
			}
			if left == nil || int(*left) != total-len(got) || len(list.Items) != limit {
				t.Fatalf("page %d has %d objects and says that %v are left of %d", n, len(list.Items), left, total-len(got))
			}
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Errorf("all pages (-list +pages):\n%s", diff)
		}
	})
	t.Run("kubectl", func(t *testing.T) {
		out := shared.kubectl(t, alice, "get", "tenantstorageclasses", "--chunk-size=130", "-o", "name")
		if got := strings.Count(out, "\n"); got != total {
			t.Errorf("kubectl printed %d objects", got)
		}
	})
	t.Run("with a selector", func(t *testing.T) {
		list := testcluster.Get(t, alice, path+"?limit=300&labelSelector=half%3D1").List(t)
		rest := testcluster.Get(t, alice, path+"?limit=1000&labelSelector=half%3D1&continue="+url.QueryEscape(list.GetContinue())).List(t)
		if len(list.Items) != 300 || len(rest.Items) != 700 || rest.GetContinue() != "" || list.GetRemainingItemCount() != nil {
			t.Errorf("pages of %d and %d; %v left", len(list.Items), len(rest.Items), list.GetRemainingItemCount())
		}
	})
	t.Run("a token is nobody else's", func(t *testing.T) {
		token := testcluster.Get(t, alice, path+"?limit=1").List(t).GetContinue()
		s := testcluster.Get(t, shared.As(t, "bob"), path+"?limit=1&continue="+url.QueryEscape(token)).Expect(t, 410).Status(t)
		if s.Reason != metav1.StatusReasonExpired {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("what is taken away shows on no further page", func(t *testing.T) {
		token := testcluster.Get(t, alice, path+"?limit=100").List(t).GetContinue()
		shared.Update(t, `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: many}
spec:
  owners: [{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List]}]}]
  storageClasses: {allowedRegex: "^many-19"}
`)
		settle(t)
		list := testcluster.Get(t, alice, path+"?continue="+url.QueryEscape(token)).List(t)
		if len(list.Items) != 100 || list.Items[0].GetName() != "many-1900" {
			t.Errorf("%d objects: %v", len(list.Items), testcluster.Names(list))
		}
	})
}

// Selectors apply to what the user sees. Errors have the same words as for kinds of the core.
func TestSelectors(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	path := kindOf("namespaces").Path()
	for _, tc := range []struct {
		label, field string
		want         []string
	}{
		{label: "env=prod", want: []string{"solar-a"}},
		{label: "env!=prod", want: []string{"solar-b"}},
		{label: "env in (prod,test)", want: []string{"solar-a", "solar-b"}},
		{label: "team", want: []string{"solar-a"}},
		{label: "!team", want: []string{"solar-b"}},
		{label: "env=none"},
		{field: "metadata.name=solar-b", want: []string{"solar-b"}},
		{field: "metadata.name!=solar-b", want: []string{"solar-a"}},
		{field: "metadata.name=wind-a"},
		{label: "env=prod", field: "metadata.name=solar-b"},
	} {
		query := queryOf("", "", "labelSelector", tc.label, "fieldSelector", tc.field)
		if diff := cmp.Diff(tc.want, testcluster.Names(testcluster.Get(t, alice, path+"?"+query).List(t))); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tc.label, tc.field, diff)
		}
	}
	for _, query := range []string{
		"fieldSelector=spec.color%3Dred", "fieldSelector=metadata.name%3E1", "fieldSelector=metadata.namespace%3Dx%3Dy",
		"labelSelector=a%20b", "labelSelector=%2F%2F%3D1", "labelSelector=env+in", "limit=x", "timeoutSeconds=x",
	} {
		// Namespaces have field selectors of their own.
		k := kindOf("storageclasses")
		compareOutcomes(t, query, testcluster.Get(t, shared.Admin, k.UpstreamPath()+"?"+query), testcluster.Get(t, shared.Admin, k.Path()+"?"+query))
	}
}

// compareOutcomes compares the responses of kube-apiserver and the server to the same request: the status
// code, the whole error except for the parts that depend on the server, and whether a list is complete.
func compareOutcomes(t *testing.T, what string, upstream, served testcluster.Answer) {
	t.Helper()
	outcome := func(a testcluster.Answer) string {
		text := strconv.Itoa(a.Code)
		if a.Code >= 400 {
			s := a.Status(t)
			text += fmt.Sprintf(" %s: %s %v", s.Reason, s.Message, s.Details)
		} else if list := a.Object(t); list.IsList() {
			next, _, _ := unstructured.NestedString(list.Object, "metadata", "continue")
			text += fmt.Sprintf(", to be continued: %v", next != "")
		}
		return ownWords.ReplaceAllString(text, "$1...")
	}
	if want, got := outcome(upstream), outcome(served); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// ownWords matches the parts of a message that show a revision or a token of the server.
var ownWords = regexp.MustCompile(`(current: |continue key is not valid: )[^&]*`)

// queryOf returns a query with the resourceVersion and match, if not empty, and more parameters, each as a
// name followed by a value.
func queryOf(version, match string, more ...string) string {
	values := url.Values{}
	if version != "" {
		values.Set("resourceVersion", version)
	}
	if match != "" {
		values.Set("resourceVersionMatch", match)
	}
	for i := 0; i+1 < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return values.Encode()
}

// A client may say how old a response may be. The response to every combination is that of kube-apiserver
// for namespaces, with the same code and message.
func TestResourceVersions(t *testing.T) {
	arrange(t, solarAndWind)
	k := kindOf("namespaces")
	// The revision "present" and the token "token" differ between the servers.
	ask := func(version, match string, more ...string) {
		t.Helper()
		ask := func(path string) testcluster.Answer {
			present := testcluster.Get(t, shared.Admin, path+"?limit=1").List(t)
			version, more := version, slices.Clone(more)
			if version == "present" {
				version = present.GetResourceVersion()
			}
			if i := slices.Index(more, "token"); i >= 0 {
				more[i] = present.GetContinue()
			}
			return testcluster.Get(t, shared.Admin, path+"?"+queryOf(version, match, more...))
		}
		compareOutcomes(t, queryOf(version, match, more...), ask(k.UpstreamPath()), ask(k.Path()))
	}
	for _, version := range []string{"", "0", "1", "present", "garbage", "-1", "1.5", "99999999999999999999", " 1"} {
		for _, match := range []string{"", "Exact", "NotOlderThan", "garbage"} {
			if version == "1" && match != "NotOlderThan" {
				continue // It does not matter whether etcd still has the first revision.
			}
			for _, more := range [][]string{nil, {"limit", "1"}, {"limit", "-1"}, {"limit", "0"}} {
				ask(version, match, more...)
			}
		}
	}
	for _, more := range [][]string{
		{"continue", "garbage"}, {"continue", "garbage", "limit", "1"}, {"continue", "garbage", "resourceVersion", "0"},
		{"continue", "garbage", "resourceVersionMatch", "Exact"}, {"continue", "garbage", "resourceVersionMatch", "Exact", "resourceVersion", "5"},
		{"continue", "token"}, {"continue", "token", "resourceVersion", "5"}, {"continue", "token", "resourceVersion", "0"},
		{"continue", "token", "resourceVersionMatch", "NotOlderThan"}, {"continue", "token", "limit", "-1"},
		{"sendInitialEvents", "true"}, {"sendInitialEvents", "garbage"},
	} {
		ask("", "", more...)
	}
}

// A client may ask for a future revision. Both servers wait for three seconds and then report that it is
// too large.
func TestFutureResourceVersions(t *testing.T) {
	k := kindOf("storageclasses")
	present, err := strconv.Atoi(testcluster.Get(t, shared.Admin, k.UpstreamPath()).List(t).GetResourceVersion())
	if err != nil {
		t.Fatal(err)
	}
	version := strconv.Itoa(present + 100_000)
	for _, request := range []string{
		"?" + queryOf(version, ""), "?" + queryOf(version, "Exact"), "?" + queryOf(version, "NotOlderThan"), "/any?" + queryOf(version, ""),
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			compareOutcomes(t, request, testcluster.Get(t, shared.Admin, k.UpstreamPath()+request), testcluster.Get(t, shared.Admin, k.Path()+request))
		})
	}
	// A number as large as the servers' resourceVersions may come from another server. client-go would retry
	// ten times before it accepts that a resourceVersion is too large.
	testcluster.Get(t, shared.Admin, k.Path()+"?"+queryOf("999999999999999999", "")).Expect(t, 410)
}

// Get also supports resourceVersions. A garbled one is the client's fault, but kube-apiserver reports it as
// its own (500).
func TestResourceVersionsOfGet(t *testing.T) {
	arrange(t, solarAndWind)
	k := kindOf("namespaces")
	for _, version := range []string{"", "0", "1"} {
		query := "/solar-a?" + queryOf(version, "")
		compareOutcomes(t, query, testcluster.Get(t, shared.Admin, k.UpstreamPath()+query), testcluster.Get(t, shared.Admin, k.Path()+query))
	}
	for _, version := range []string{"garbage", "-1", "1.5", "99999999999999999999"} {
		if s := testcluster.Get(t, shared.Admin, k.Path()+"/solar-a?"+queryOf(version, "")).Expect(t, 400).Status(t); s.Reason != metav1.StatusReasonBadRequest {
			t.Errorf("%s: got %+v", version, s)
		}
	}
}

// A list is never older than the client asks for, whether the client has written or seen that version. This
// holds even if other sources have already delivered something newer.
func TestNotOlderThan(t *testing.T) {
	const source = `
{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: other}, spec: {owners: [{kind: User, name: "e2e-owner-%[1]d"}]}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fresh, labels: {round: "%[1]d"}}, provisioner: example.com/disk}`
	shared.Create(t, fmt.Sprintf(source, 0))
	k := kindOf("storageclasses")
	for i := 1; i < 30; i++ {
		objects := testcluster.Decode(t, fmt.Sprintf(source, i))
		if i%2 > 0 {
			slices.Reverse(objects) // the class before the Tenant
		}
		stored, err := shared.Put(t.Context(), objects...)
		if err != nil {
			t.Fatal(err)
		}
		class := stored[slices.IndexFunc(stored, func(o *object) bool { return o.GetKind() == "StorageClass" })]
		query := queryOf(class.GetResourceVersion(), "NotOlderThan", "fieldSelector", "metadata.name=fresh")
		list := testcluster.Get(t, shared.Admin, k.Path()+"?"+query).List(t)
		if len(list.Items) != 1 || list.Items[0].GetLabels()["round"] != strconv.Itoa(i) {
			t.Fatalf("round %d, after resourceVersion %s: the list has %v", i, class.GetResourceVersion(), list.Items)
		}
		testcluster.Get(t, shared.Admin, k.Path()+"/fresh?resourceVersion="+list.GetResourceVersion()).Expect(t, 200)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// Clients find the kinds through discovery, in the old and in the aggregated form.
func TestDiscovery(t *testing.T) {
	alice := shared.As(t, "alice")
	var want []metav1.APIResource
	for _, k := range kinds {
		want = append(want, metav1.APIResource{
			Name: k.Resource(), SingularName: strings.ToLower(k.Kind()), Kind: k.Kind(), ShortNames: []string{k.short},
			Categories: []string{"tenantview"},
		})
	}
	for _, kind := range reviews {
		want = append(want, metav1.APIResource{Name: strings.ToLower(kind) + "s", SingularName: strings.ToLower(kind), Kind: kind})
	}
	byName := func(a, b metav1.APIResource) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(want, byName)

	t.Run("by resource", func(t *testing.T) {
		list := &metav1.APIResourceList{}
		if err := utiljson.Unmarshal(testcluster.Get(t, alice, testcluster.Root).Expect(t, 200).Body, list); err != nil {
			t.Fatal(err)
		}
		for i := range list.APIResources {
			requireReading(t, list.APIResources[i].Name, list.APIResources[i].Verbs)
			list.APIResources[i].Verbs, list.APIResources[i].StorageVersionHash = nil, ""
		}
		slices.SortFunc(list.APIResources, byName)
		if diff := cmp.Diff(want, list.APIResources); diff != "" {
			t.Errorf("resources (-want +got):\n%s", diff)
		}
	})
	t.Run("aggregated", func(t *testing.T) {
		discovery := &apidiscoveryv2.APIGroupDiscoveryList{}
		a := testcluster.Get(t, alice, "/apis", "Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList").Expect(t, 200)
		if err := utiljson.Unmarshal(a.Body, discovery); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(discovery.Items, func(g apidiscoveryv2.APIGroupDiscovery) bool { return g.Name == v1alpha1.GroupName })
		if i < 0 || len(discovery.Items[i].Versions) != 1 {
			t.Fatalf("the group is not there with one version: %s", a.Body)
		}
		version := discovery.Items[i].Versions[0]
		if version.Version != "v1alpha1" || version.Freshness != apidiscoveryv2.DiscoveryFreshnessCurrent {
			t.Errorf("version %s is %s", version.Version, version.Freshness)
		}
		var got []metav1.APIResource
		for _, r := range version.Resources {
			requireReading(t, r.Resource, r.Verbs)
			if r.Scope != apidiscoveryv2.ScopeCluster {
				t.Errorf("%s has scope %s", r.Resource, r.Scope)
			}
			got = append(got, metav1.APIResource{
				Name: r.Resource, SingularName: r.SingularResource, Kind: r.ResponseKind.Kind, ShortNames: r.ShortNames, Categories: r.Categories,
			})
		}
		slices.SortFunc(got, byName)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("resources (-want +got):\n%s", diff)
		}
	})
	t.Run("kubectl api-resources", func(t *testing.T) {
		out := shared.kubectl(t, alice, "api-resources", "--api-group="+v1alpha1.GroupName, "--no-headers", "-o", "wide")
		var got [][]string
		for line := range strings.Lines(out) {
			if row := strings.Fields(line); len(row) >= 5 && strings.HasPrefix(row[4], "Tenant") { // reviews have no short name
				got = append(got, row[:5])
			}
		}
		var rows [][]string
		for _, r := range want {
			if len(r.ShortNames) == 0 {
				continue
			}
			rows = append(rows, []string{r.Name, r.ShortNames[0], v1alpha1.SchemeGroupVersion.String(), "false", r.Kind})
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
}

// requireReading checks that a resource can be read, but neither created nor deleted as a collection. A
// review can only be created.
func requireReading(t *testing.T, resource string, verbs []string) {
	t.Helper()
	if strings.HasSuffix(resource, "reviews") {
		if !slices.Equal(verbs, []string{"create"}) {
			t.Errorf("%s offers %v", resource, verbs)
		}
		return
	}
	for _, verb := range []string{"get", "list"} {
		if !slices.Contains(verbs, verb) {
			t.Errorf("%s does not offer %s", resource, verb)
		}
	}
	for _, verb := range []string{"create", "deletecollection"} {
		if slices.Contains(verbs, verb) {
			t.Errorf("%s offers %s", resource, verb)
		}
	}
}

// kube-apiserver merges the server's OpenAPI documents into its own, where kubectl explain and client-side
// validation read them.
func TestOpenAPI(t *testing.T) {
	alice := shared.As(t, "alice")
	t.Run("v3", func(t *testing.T) {
		document := openAPIv3(t)
		schemas := document["components"].(map[string]any)["schemas"].(map[string]any)
		paths := document["paths"].(map[string]any)
		for _, k := range kinds {
			if !hasKind(schemas, k.Kind()) {
				t.Errorf("no schema has kind %s", k.Kind())
			}
			for _, path := range []string{k.Path(), k.Path() + "/{name}"} {
				if _, ok := paths[path]; !ok {
					t.Errorf("no path %s", path)
				}
			}
		}
	})
	t.Run("v2", func(t *testing.T) {
		// kube-apiserver fetches the documents only from time to time.
		testcluster.Eventually(t, "kube-apiserver has the server's OpenAPI v2 document", func() error {
			a, err := testcluster.TryGet(t.Context(), alice, "/openapi/v2")
			if err != nil {
				return err
			}
			document := a.Expect(t, 200).Object(t).Object
			for _, k := range kinds {
				if !hasKind(document["definitions"].(map[string]any), k.Kind()) {
					return missing("definition of kind " + k.Kind())
				}
				if _, ok := document["paths"].(map[string]any)[k.Path()]; !ok {
					return missing("path " + k.Path())
				}
			}
			return nil
		})
	})
}

// openAPIv3 returns the document of the group once kube-apiserver has it.
func openAPIv3(t *testing.T) map[string]any {
	t.Helper()
	var a testcluster.Answer
	testcluster.Eventually(t, "kube-apiserver has the server's OpenAPI v3 document", func() (err error) {
		if a, err = testcluster.TryGet(t.Context(), shared.As(t, "alice"), "/openapi/v3"+testcluster.Root); err == nil && a.Code != 200 {
			err = missing("document: " + string(a.Body))
		}
		return err
	})
	return a.Object(t).Object
}

// missing is the error for something that is not there.
type missing string

func (m missing) Error() string { return "there is no " + string(m) }

// hasKind reports whether one of the schemas says that it is of a kind of the API group.
func hasKind(schemas map[string]any, kind string) bool {
	for _, s := range schemas {
		gvks, _ := s.(map[string]any)["x-kubernetes-group-version-kind"].([]any)
		for _, gvk := range gvks {
			g := gvk.(map[string]any)
			if g["group"] == v1alpha1.GroupName && g["kind"] == kind {
				return true
			}
		}
	}
	return false
}

// kubectl explain describes the fields as it does for the upstream kind. The server may know fields that
// this kube-apiserver is too old to know.
func TestExplain(t *testing.T) {
	openAPIv3(t)
	alice := shared.As(t, "alice")
	fields := func(path string) []string {
		out := shared.kubectl(t, alice, "explain", path)
		_, after, ok := strings.Cut(out, "FIELDS:\n")
		if !ok {
			t.Fatalf("kubectl explain %s printed no fields:\n%s", path, out)
		}
		return strings.Split(strings.TrimSpace(after), "\n\n")
	}
	for upstream, served := range map[string]string{
		"node.spec": "tenantnode.spec", "node.status": "tenantnode.status", "namespace.status": "tenantnamespace.status",
		"ingressclass.spec": "tenantingressclass.spec", "persistentvolume.spec": "tenantpersistentvolume.spec",
		"runtimeclass.overhead": "tenantruntimeclass.overhead",
	} {
		explained := fields(served)
		for _, field := range fields(upstream) {
			if !slices.Contains(explained, field) {
				t.Errorf("%s lacks a field of %s, or explains it differently:\n%s", served, upstream, field)
			}
		}
	}
	if out := shared.kubectl(t, alice, "explain", "tenantnode.spec.podCIDR"); !strings.Contains(out, "PodCIDR represents the pod IP range") {
		t.Errorf("tenantnode.spec.podCIDR is not explained:\n%s", out)
	}
	for _, k := range kinds {
		if out := shared.kubectl(t, alice, "explain", k.Resource()); !strings.Contains(out, "DESCRIPTION:\n    ") || strings.Contains(out, "<empty>") {
			t.Errorf("%s is not explained:\n%s", k.Resource(), out)
		}
	}
}

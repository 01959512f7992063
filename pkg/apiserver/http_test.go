// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/version"
)

// One server answers the requests of all tests that do not change it.
func TestServer(t *testing.T) {
	s := newReadyServer(t)
	for name, test := range map[string]func(*testing.T, *running){
		"Discovery":       testDiscovery,
		"OpenAPI":         testOpenAPI,
		"List":            testList,
		"Table":           testTable,
		"NotFound":        testNotFound,
		"Methods":         testMethods,
		"ContentTypes":    testContentTypes,
		"Metadata":        testMetadata,
		"Codes":           testCodes,
		"LongURIs":        testLongURIs,
		"LargeHeaders":    testLargeHeaders,
		"Bodies":          testBodies,
		"Continuations":   testContinuations,
		"Version":         testVersion,
		"MetricsEndpoint": testMetricsEndpoint,
		"Review":          testReview,
		"ReviewOfHidden":  testReviewOfHidden,
		"ReviewCodes":     testReviewCodes,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// verbs are the verbs of every resource.
var verbs = metav1.Verbs{"get", "list", "watch"}

// kubectl finds resources, their short names and the category in this document.
func testDiscovery(t *testing.T, s *running) {
	got := read[metav1.APIResourceList](t, s.get(t, "alice", group, ""))
	want := metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: "tenantview.capsule.dev/v1alpha1",
	}
	for _, r := range []metav1.APIResource{
		{Name: "tenantingressclasses", SingularName: "tenantingressclass", Kind: "TenantIngressClass", ShortNames: []string{"tic"}},
		{Name: "tenantnamespaces", SingularName: "tenantnamespace", Kind: "TenantNamespace", ShortNames: []string{"tns"}},
		{Name: "tenantnodes", SingularName: "tenantnode", Kind: "TenantNode", ShortNames: []string{"tno"}},
		{Name: "tenantpersistentvolumes", SingularName: "tenantpersistentvolume", Kind: "TenantPersistentVolume", ShortNames: []string{"tpv"}},
		{Name: "tenantpriorityclasses", SingularName: "tenantpriorityclass", Kind: "TenantPriorityClass", ShortNames: []string{"tpc"}},
		{Name: "tenantruntimeclasses", SingularName: "tenantruntimeclass", Kind: "TenantRuntimeClass", ShortNames: []string{"trc"}},
		{Name: "tenantstorageclasses", SingularName: "tenantstorageclass", Kind: "TenantStorageClass", ShortNames: []string{"tsc"}},
	} {
		r.Verbs, r.Categories = verbs, []string{"tenantview"}
		want.APIResources = append(want.APIResources, r)
	}
	for _, r := range []metav1.APIResource{
		{Name: "selftenantviewreviews", SingularName: "selftenantviewreview", Kind: "SelfTenantViewReview"},
		{Name: "tenantviewreviews", SingularName: "tenantviewreview", Kind: "TenantViewReview"},
	} {
		r.Verbs = metav1.Verbs{"create"}
		want.APIResources = append(want.APIResources, r)
	}
	slices.SortFunc(want.APIResources, func(a, b metav1.APIResource) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(got.APIResources, func(a, b metav1.APIResource) int { return cmp.Compare(a.Name, b.Name) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}

	groups := read[metav1.APIGroupList](t, s.get(t, "alice", "/apis", ""))
	for i := range groups.Groups {
		groups.Groups[i].ServerAddressByClientCIDRs = nil // this machine's
	}
	gv := metav1.GroupVersionForDiscovery{GroupVersion: "tenantview.capsule.dev/v1alpha1", Version: "v1alpha1"}
	wantGroups := metav1.APIGroupList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupList"}, // without a version, as every API server answers
		Groups:   []metav1.APIGroup{{Name: "tenantview.capsule.dev", Versions: []metav1.GroupVersionForDiscovery{gv}, PreferredVersion: gv}},
	}
	if diff := gocmp.Diff(wantGroups, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

// kubectl explain reads v3, and clients that validate read v2.
func testOpenAPI(t *testing.T, s *running) {
	type schema struct {
		Description string            `json:"description"`
		Properties  map[string]object `json:"properties"`
		GVKs        []object          `json:"x-kubernetes-group-version-kind"`
	}
	v2 := read[struct {
		Paths       map[string]map[string]any `json:"paths"`
		Definitions map[string]schema         `json:"definitions"`
	}](t, s.get(t, "alice", "/openapi/v2", ""))
	v3 := read[struct {
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]schema `json:"schemas"`
		} `json:"components"`
	}](t, s.get(t, "alice", "/openapi/v3/apis/tenantview.capsule.dev/v1alpha1", ""))
	for _, k := range kinds.All(kinds.Options{}) {
		gvks, _, err := Scheme.ObjectKinds(k.New())
		if err != nil {
			t.Fatal(err)
		}
		gvk := object{"group": gvks[0].Group, "version": gvks[0].Version, "kind": gvks[0].Kind}
		for version, definitions := range map[string]map[string]schema{"v2": v2.Definitions, "v3": v3.Components.Schemas} {
			var found []string
			for name, d := range definitions {
				if slices.ContainsFunc(d.GVKs, func(o object) bool { return gocmp.Equal(o, gvk) }) {
					found = append(found, name)
					if d.Description == "" || d.Properties["metadata"] == nil {
						t.Errorf("%s: %s has no description or no metadata", version, name)
					}
				}
			}
			if len(found) != 1 {
				t.Errorf("%s: schemas %v of %v, want one", version, found, gvk)
			}
		}
		for version, paths := range map[string]map[string]map[string]any{"v2": v2.Paths, "v3": v3.Paths} {
			for _, path := range []string{group + "/" + k.Resource, group + "/" + k.Resource + "/{name}"} {
				if paths[path]["get"] == nil || paths[path]["post"] != nil || paths[path]["put"] != nil || paths[path]["delete"] != nil {
					t.Errorf("%s: %s has other methods than get", version, path)
				}
			}
		}
	}
}

func testList(t *testing.T, s *running) {
	for user, want := range map[string][]string{"alice": {"solar-a", "solar-b"}, "carol": nil, "root": {"hidden-a", "solar-a", "solar-b"}} {
		list := read[v1alpha1.TenantNamespaceList](t, s.get(t, user, group+"/tenantnamespaces", ""))
		if got := (metav1.TypeMeta{Kind: "TenantNamespaceList", APIVersion: "tenantview.capsule.dev/v1alpha1"}); list.TypeMeta != got || list.Items == nil {
			t.Errorf("%s: type %v, items %v", user, list.TypeMeta, list.Items)
		}
		var names []string
		for i := range list.Items {
			names = append(names, list.Items[i].Name)
		}
		if diff := gocmp.Diff(want, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", user, diff)
		}
	}
}

func testTable(t *testing.T, s *running) {
	const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
	for query, objects := range map[string]string{"": "PartialObjectMetadata", "?includeObject=Object": "TenantNamespace", "?includeObject=None": ""} {
		for path, rows := range map[string][]string{"/tenantnamespaces": {"solar-a", "solar-b"}, "/tenantnamespaces/solar-b": {"solar-b"}} {
			table := read[metav1.Table](t, s.get(t, "alice", group+path+query, accept))
			var columns, got []string
			for _, c := range table.ColumnDefinitions {
				columns = append(columns, c.Name)
			}
			for _, row := range table.Rows {
				got = append(got, fmt.Sprint(row.Cells[0]))
				if want := fmt.Sprintf(`"kind":%q`, objects); objects != "" && !strings.Contains(string(row.Object.Raw), want) {
					t.Errorf("%s%s: object %s, want a %s", path, query, row.Object.Raw, objects)
				} else if objects == "" && row.Object.Raw != nil {
					t.Errorf("%s%s: object %s, want none", path, query, row.Object.Raw)
				}
			}
			if diff := gocmp.Diff([]string{"Name", "Status", "Age", "Tenant"}, columns); diff != "" || table.Kind != "Table" {
				t.Errorf("%s%s: a %s with columns (-want +got):\n%s", path, query, table.Kind, diff)
			}
			if diff := gocmp.Diff(rows, got); diff != "" {
				t.Errorf("%s%s: rows (-want +got):\n%s", path, query, diff)
			}
		}
	}
}

// Neither the body nor a header may differ between a hidden object and one that does not exist.
func testNotFound(t *testing.T, s *running) {
	for resource, hidden := range map[string]string{"tenantnamespaces": "hidden-a", "tenantnodes": "hidden-node"} {
		for _, query := range []string{"", "?resourceVersion=0", "?resourceVersion=7"} {
			absent := "a" + strings.Repeat("b", len(hidden)-1) // same length, so that responses have it, too
			want := s.get(t, "alice", group+"/"+resource+"/"+absent+query, "")
			got := s.get(t, "alice", group+"/"+resource+"/"+hidden+query, "")
			want.Body = strings.ReplaceAll(want.Body, absent, hidden)
			for _, r := range []response{want, got} {
				r.Header.Del("Audit-Id") // differs for each request
				r.Header.Del("Date")
			}
			if want.Code != http.StatusNotFound {
				t.Errorf("absent %s: code %d", resource, want.Code)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s%s (-absent +hidden):\n%s", resource, query, diff)
			}
		}
	}
}

// The API is read-only: no user can create or change anything.
func testMethods(t *testing.T, s *running) {
	const body = `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNamespace","metadata":{"name":"solar-a"}}`
	for _, user := range []string{"alice", "root"} {
		for method, path := range map[string]string{
			http.MethodPost:   "/tenantnamespaces",
			http.MethodPut:    "/tenantnamespaces/solar-a",
			http.MethodPatch:  "/tenantnamespaces/solar-a",
			http.MethodDelete: "/tenantnamespaces/solar-a",
		} {
			r, err := s.send(user, method, group+path, "", body)
			if err != nil {
				t.Fatal(err)
			}
			if r.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: code %d: %s", method, path, r.Code, r.Body)
			}
		}
		if r, err := s.send(user, http.MethodDelete, group+"/tenantnamespaces", "", ""); err != nil || r.Code != http.StatusMethodNotAllowed {
			t.Errorf("DELETE of all: code %d, %v", r.Code, err)
		}
	}
}

// Clients that prefer protobuf, as client-go can, must get JSON: our kinds have no protobuf.
func testContentTypes(t *testing.T, s *running) {
	const protobuf, cbor = "application/vnd.kubernetes.protobuf", "application/cbor"
	const table = ";as=Table;v=v1;g=meta.k8s.io"
	for accept, want := range map[string]struct {
		code        int
		contentType string
	}{
		"":                                {200, "application/json"},
		"*/*":                             {200, "application/json"},
		"application/json":                {200, "application/json"},
		"application/json;pretty=1":       {200, "application/json"},
		"application/yaml":                {200, "application/yaml"},
		"application/json;q=0.5,text/*":   {200, "application/json"},
		protobuf + ",application/json":    {200, "application/json"},
		protobuf + ", */*":                {200, "application/json"},
		protobuf + ",application/yaml":    {200, "application/yaml"},
		"application/json," + protobuf:    {200, "application/json"},
		cbor + ",application/json":        {200, "application/json"},
		"application/json" + table:        {200, "application/json"},
		"application/yaml" + table:        {200, "application/yaml"},
		protobuf + table + "," + protobuf: {406, "application/json"},
		protobuf + table + ",application/json" + table + ",application/json": {200, "application/json"},
		protobuf:     {406, "application/json"},
		cbor:         {406, "application/json"},
		"text/html":  {406, "application/json"},
		"image/jpeg": {406, "application/json"},
	} {
		for _, path := range []string{"/tenantnamespaces", "/tenantnamespaces/solar-a"} {
			r := s.get(t, "alice", group+path, accept)
			if got := r.Header.Get("Content-Type"); r.Code != want.code || r.Code == http.StatusOK && got != want.contentType {
				t.Errorf("Accept %q of %s: code %d, %q; want %d, %q: %s", accept, path, r.Code, got, want.code, want.contentType, r.Body)
			}
			if r.Code != http.StatusOK {
				continue
			}
			var o object
			if err := yaml.Unmarshal([]byte(r.Body), &o); err != nil || o["kind"] == nil {
				t.Errorf("Accept %q of %s: kind %v, %v", accept, path, o["kind"], err)
			}
		}
		r := s.get(t, "alice", group+"/tenantnamespaces/absent", accept)
		if want.code == 200 && r.Code != http.StatusNotFound {
			t.Errorf("Accept %q of an absent one: code %d: %s", accept, r.Code, r.Body)
		}
	}
}

// Metadata informers prefer protobuf and must get it: kube-apiserver serves it to them for every
// kind. A client that also accepts the whole object gets the metadata, which it prefers.
func testMetadata(t *testing.T, s *running) {
	const protobuf, asObject, asList = "application/vnd.kubernetes.protobuf", ";as=PartialObjectMetadata;v=v1;g=meta.k8s.io", ";as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	for path, as := range map[string]string{"/tenantnamespaces": asList, "/tenantnamespaces/solar-b": asObject} {
		for accept, contentType := range map[string]string{
			protobuf + as: protobuf,
			protobuf + as + ",application/json" + as + ",application/json": protobuf,
			protobuf + ",application/json" + as:                            "application/json",
			"application/json" + as + "," + protobuf + as:                  "application/json",
		} {
			r := s.get(t, "alice", group+path, accept)
			if got, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); r.Code != http.StatusOK || got != contentType {
				t.Errorf("Accept %q of %s: code %d, %q; want %q: %s", accept, path, r.Code, got, contentType, r.Body)
				continue
			}
			o, _, err := decoder.Decode([]byte(r.Body), nil, nil)
			if err != nil {
				t.Errorf("Accept %q of %s: %v", accept, path, err)
				continue
			}
			var names []string
			switch o := o.(type) {
			case *metav1.PartialObjectMetadata:
				names = append(names, o.Name)
			case *metav1.PartialObjectMetadataList:
				for i := range o.Items {
					names = append(names, o.Items[i].Name)
				}
			}
			want := []string{"solar-b"}
			if as == asList {
				want = []string{"solar-a", "solar-b"}
			}
			if diff := gocmp.Diff(want, names); diff != "" {
				t.Errorf("Accept %q of %s: %T (-want +got):\n%s", accept, path, o, diff)
			}
		}
	}
}

func testCodes(t *testing.T, s *running) {
	for _, tc := range []struct {
		user, path string
		code       int
	}{
		{"", group + "/tenantnamespaces", 401},
		{"mallory", group + "/tenantnamespaces", 403},
		{"mallory", group + "/tenantnamespaces/solar-a", 403},
		{"alice", group + "/tenantnamespaces/solar-a", 200},
		{"alice", group + "/tenantnothings", 404},
		{"alice", group + "/namespaces/solar-a/tenantnamespaces", 404},
		{"alice", group + "/tenantnamespaces/solar-a/status", 404},
		{"alice", group + "/tenantnamespaces?labelSelector=a%20b", 400},
		{"alice", group + "/tenantnamespaces?fieldSelector=status.phase%3DActive", 400},
		{"alice", group + "/tenantnamespaces?fieldSelector=metadata.name%3Dsolar-a", 200},
		{"alice", group + "/tenantnamespaces?fieldSelector=metadata.namespace%3Dsolar-a", 200},
		{"alice", group + "/tenantnamespaces?limit=many", 400},
		{"alice", group + "/tenantnamespaces?limit=1", 200},
		{"alice", group + "/tenantnamespaces?continue=x", 400},
		{"alice", group + "/tenantnamespaces?resourceVersion=x", 400},
		{"alice", group + "/tenantnamespaces?resourceVersion=7&resourceVersionMatch=Exact", 410},
		{"alice", group + "/tenantnamespaces?resourceVersion=0&resourceVersionMatch=Exact", 422},
		{"alice", group + "/tenantnamespaces?resourceVersionMatch=Exact", 422},
		{"alice", group + "/tenantnamespaces?resourceVersion=7&resourceVersionMatch=Sometimes", 422},
		{"alice", group + "/tenantnamespaces?resourceVersion=7&resourceVersionMatch=NotOlderThan", 200},
	} {
		if r := s.get(t, tc.user, tc.path, ""); r.Code != tc.code {
			t.Errorf("%q, %s: code %d, want %d: %s", tc.user, tc.path, r.Code, tc.code, r.Body)
		}
	}
}

func testVersion(t *testing.T, s *running) {
	got := read[apimachineryversion.Info](t, s.get(t, "alice", "/version", ""))
	if diff := gocmp.Diff(version.Get(), got); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}

func testMetricsEndpoint(t *testing.T, s *running) {
	body := s.get(t, "admin", "/metrics", "").Body
	for _, name := range metricNames {
		if !slices.Contains(eventMetrics, name) && !strings.Contains(body, "\n# TYPE "+name+" ") {
			t.Errorf("%s is not served", name)
		}
	}
}

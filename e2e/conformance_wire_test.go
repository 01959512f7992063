// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/generated/clientset/versioned"
)

// The same list is available in each encoding that the server offers. For any other, the error names the
// offered ones. A client that accepts several encodings gets the first available one.
func TestContentTypes(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	path := kindOf("namespaces").Path() + "/solar-a"
	want := testcluster.Get(t, alice, path, "Accept", "application/json").Expect(t, 200).Object(t).Object
	for accept, tc := range map[string]struct {
		contentType string
		decode      func([]byte, any) error
	}{
		"application/json": {"application/json", nil},
		"application/yaml": {"application/yaml", func(data []byte, into any) error { return yaml.Unmarshal(data, into) }},
		"*/*":              {"application/json", nil},
		"":                 {"application/json", nil},
		"application/vnd.kubernetes.protobuf,application/json": {"application/json", nil},
	} {
		a := testcluster.Get(t, alice, path, "Accept", accept).Expect(t, 200)
		if got := a.Header.Get("Content-Type"); got != tc.contentType {
			t.Errorf("Accept %q: got %s", accept, got)
		}
		got := map[string]any{}
		if tc.decode == nil {
			got = a.Object(t).Object
		} else if err := tc.decode(a.Body, &got); err != nil {
			t.Errorf("Accept %q: %v", accept, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Accept %q (-JSON +got):\n%s", accept, diff)
		}
	}
	t.Run("CBOR", func(t *testing.T) {
		a := testcluster.Get(t, alice, path, "Accept", "application/cbor")
		if a.Code == http.StatusNotAcceptable {
			return // CBOR is behind a feature gate of the library.
		}
		got := &unstructured.Unstructured{}
		if _, _, err := cbor.NewSerializer(nil, nil).Decode(a.Expect(t, 200).Body, nil, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Object); diff != "" {
			t.Errorf("(-JSON +CBOR):\n%s", diff)
		}
	})
	t.Run("not offered", func(t *testing.T) {
		for _, accept := range []string{"application/vnd.kubernetes.protobuf", "text/html"} {
			s := testcluster.Get(t, alice, path, "Accept", accept).Expect(t, 406).Status(t)
			if !strings.Contains(s.Message, "application/json") {
				t.Errorf("Accept %q: got %+v", accept, s)
			}
		}
	})
	t.Run("compressed", func(t *testing.T) {
		// Short responses are not compressed, and long ones only if the client accepts that.
		a := testcluster.Get(t, alice, "/openapi/v2", "Accept-Encoding", "gzip").Expect(t, 200)
		if got := a.Header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("got encoding %q", got)
		}
	})
}

// If client-go prefers protobuf or CBOR, as for core kinds, it falls back to JSON without an error.
func TestClientsThatPreferOtherEncodings(t *testing.T) {
	arrange(t, solarAndWind)
	for _, preferred := range []string{"application/vnd.kubernetes.protobuf", "application/cbor"} {
		config := rest.CopyConfig(shared.As(t, "alice"))
		config.AcceptContentTypes = preferred + ",application/json"
		config.ContentType = preferred
		client, err := versioned.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		list, err := client.TenantviewV1alpha1().TenantNamespaces().List(t.Context(), metav1.ListOptions{})
		if err != nil || len(list.Items) != 2 {
			t.Errorf("%s: got %v, %v", preferred, list, err)
		}
	}
}

// Clients that want only metadata, such as controllers and kubectl's completion, get it.
func TestPartialMetadata(t *testing.T) {
	arrange(t, solarAndWind)
	client, err := metadata.NewForConfig(shared.As(t, "alice"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.Resource(kindOf("nodes").GVR()).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range list.Items {
		got = append(got, o.Name+" "+o.Labels["pool"])
	}
	if diff := cmp.Diff([]string{"solar-1 solar", "solar-2 solar"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The server only offers reading. It rejects everything else as not allowed, for all users.
func TestMethodsNotAllowed(t *testing.T) {
	arrange(t, solarAndWind)
	send := func(config *rest.Config, method, path, body, contentType string) testcluster.Answer {
		t.Helper()
		a, err := testcluster.Send(t.Context(), config, method, path, []byte(body), "Content-Type", contentType)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	const object = `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNamespace","metadata":{"name":"solar-a"}}`
	path := kindOf("namespaces").Path()
	for _, tc := range []struct{ method, path string }{
		{"POST", path}, {"DELETE", path}, {"PUT", path + "/solar-a"}, {"DELETE", path + "/solar-a"},
	} {
		s := send(shared.Admin, tc.method, tc.path, object, "application/json").Expect(t, 405).Status(t)
		if s.Reason != metav1.StatusReasonMethodNotAllowed {
			t.Errorf("%s %s: got %+v", tc.method, tc.path, s)
		}
		// Without a permission to write, RBAC rejects the request first.
		send(shared.As(t, "alice"), tc.method, tc.path, object, "application/json").Expect(t, 403)
	}
	send(shared.Admin, "PATCH", path+"/solar-a", `{"metadata":{"labels":{"a":"b"}}}`, "application/merge-patch+json").Expect(t, 405)
}

// notOlder returns the object's resourceVersion. It checks that it is at least that of the upstream, followed
// by six digits of the server.
func notOlder(t *testing.T, served map[string]any, upstream string) string {
	t.Helper()
	version, _, _ := unstructured.NestedString(served, "metadata", "resourceVersion")
	if c, err := resourceversion.CompareResourceVersion(version[:max(len(version), 6)-6], upstream); err != nil || c < 0 {
		t.Errorf("the object has resourceVersion %s, upstream %s (%v)", version, upstream, err)
	}
	return version
}

// The metadata is that of the upstream object, without fields that clients must not act on: managedFields,
// ownerReferences, finalizers and the last applied configuration. Spec and status are the upstream's.
func TestObjectsMirrorTheUpstream(t *testing.T) {
	arrange(t, solarAndWind)
	shared.kubectl(t, shared.Admin, "annotate", "namespace", "solar-b", "kubectl.kubernetes.io/last-applied-configuration=secret")
	settle(t)
	seen := map[string]bool{}
	for _, k := range kinds {
		for _, name := range ofSolar[k.Upstream.Resource] {
			upstream := testcluster.Get(t, shared.Admin, k.UpstreamPath()+"/"+name).Expect(t, 200).Object(t).Object
			served := testcluster.Get(t, shared.As(t, "alice"), k.Path()+"/"+name).Expect(t, 200).Object(t).Object
			m := upstream["metadata"].(map[string]any)
			uid, _, _ := unstructured.NestedString(served, "metadata", "uid")
			if uid == "" || uid == m["uid"] || seen[uid] {
				t.Errorf("%s %s has uid %q, upstream %v", k.Resource(), name, uid, m["uid"])
			}
			seen[uid] = true
			for _, field := range []string{"managedFields", "ownerReferences", "finalizers"} {
				delete(m, field)
			}
			unstructured.RemoveNestedField(upstream, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
			m["uid"] = uid
			// This is the revision of the server's own change, which is not older than the upstream's.
			m["resourceVersion"] = notOlder(t, served, m["resourceVersion"].(string))
			upstream["apiVersion"], upstream["kind"] = "tenantview.capsule.dev/v1alpha1", k.Kind()
			delete(served, "tenant")
			unstructured.RemoveNestedField(upstream, "status", "images") // they reveal what other tenants run
			if diff := cmp.Diff(upstream, served); diff != "" {
				t.Errorf("%s %s (-upstream +served):\n%s", k.Resource(), name, diff)
			}
		}
	}
	for _, path := range []string{"/tenantnodes", "/tenantnodes/solar-1"} {
		a := testcluster.Get(t, shared.As(t, "alice"), testcluster.Root+path).Expect(t, 200)
		if strings.Contains(string(a.Body), "registry.example.com") {
			t.Errorf("%s has images", path)
		}
	}
}

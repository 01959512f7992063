// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package impersonate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	nodev1 "k8s.io/api/node/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/impersonate"
)

// answering is a kube-apiserver that answers everything in the same way, and notes what it is asked.
func answering(t *testing.T, code int, body string) (reader *impersonate.MetadataReader, asked *[]string) {
	t.Helper()
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		*asked = append(*asked, fmt.Sprintf("%s %s as %q", req.Method, req.URL, req.Header.Get("Impersonate-User")))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	reader, err := impersonate.NewMetadataReader(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return reader, asked
}

func TestMetadata(t *testing.T) {
	const list, end = `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[`, `]}`
	classes := nodev1.SchemeGroupVersion.WithResource("runtimeclasses")
	for name, tc := range map[string]struct {
		resource schema.GroupVersionResource
		body     string
		asked    string
		uid      string
	}{
		"the core group": {nodes, list + `{"metadata":{"name":"n","uid":"1"}}` + end, `GET /api/v1/nodes?fieldSelector=metadata.name%3Dn as ""`, "1"},
		"another group":  {classes, list + `{"metadata":{"name":"n","uid":"2"}}` + end, `GET /apis/node.k8s.io/v1/runtimeclasses?fieldSelector=metadata.name%3Dn as ""`, "2"},
		"no object":      {nodes, list + end, `GET /api/v1/nodes?fieldSelector=metadata.name%3Dn as ""`, ""},
	} {
		reader, asked := answering(t, http.StatusOK, tc.body)
		got, err := reader.Metadata(t.Context(), tc.resource, "n")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		uid := ""
		if got != nil {
			uid = string(got.UID)
		}
		if diff := cmp.Diff([]string{tc.asked}, *asked); diff != "" || uid != tc.uid {
			t.Errorf("%s: uid %q; requests (-want +got):\n%s", name, uid, diff)
		}
	}
}

// As with writes, the user must wait and not a place of this server.
func TestMetadataIsNotReadAgain(t *testing.T) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		reader, asked := answering(t, code, "")
		_, err := reader.Metadata(t.Context(), nodes, "n")
		if seconds, ok := apierrors.SuggestsClientDelay(err); len(*asked) != 1 || seconds != 3 || !ok || apierrors.IsTooManyRequests(err) != (code == http.StatusTooManyRequests) {
			t.Errorf("code %d: %v after %d requests, to be tried again after %d seconds", code, err, len(*asked), seconds)
		}
	}
}

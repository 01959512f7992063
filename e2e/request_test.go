// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// root is the path of the API group.
var root = "/apis/" + v1alpha1.SchemeGroupVersion.String()

// answer is the answer to an HTTP request.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// get asks for a path with headers, each as a name followed by a value.
func get(t *testing.T, config *rest.Config, path string, headers ...string) answer {
	t.Helper()
	return do(t, config, http.MethodGet, path, nil, headers...)
}

// do sends a request and fails the test if it is not answered.
func do(t *testing.T, config *rest.Config, method, path string, body []byte, headers ...string) answer {
	t.Helper()
	a, err := send(t.Context(), config, method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func send(ctx context.Context, config *rest.Config, method, path string, body []byte, headers ...string) (answer, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, config.Host+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	return answer{code: response.StatusCode, header: response.Header, body: content}, nil
}

// expect fails the test if the answer has another status code.
func (a answer) expect(t *testing.T, code int) answer {
	t.Helper()
	if a.code != code {
		t.Fatalf("got status %d, want %d: %s", a.code, code, a.body)
	}
	return a
}

// object decodes a JSON answer.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	if err := utiljson.Unmarshal(a.body, &o); err != nil {
		t.Fatalf("%v in: %s", err, a.body)
	}
	return o
}

// list decodes a list in JSON.
func (a answer) list(t *testing.T) *unstructured.UnstructuredList {
	t.Helper()
	l := &unstructured.UnstructuredList{}
	if err := l.UnmarshalJSON(a.body); err != nil {
		t.Fatalf("%v in: %s", err, a.body)
	}
	return l
}

// status decodes an error in JSON.
func (a answer) status(t *testing.T) metav1.Status {
	t.Helper()
	var s metav1.Status
	if err := utiljson.Unmarshal(a.body, &s); err != nil || s.Kind != "Status" {
		t.Fatalf("not a Status (%v): %d %s", err, a.code, a.body)
	}
	return s
}

// names returns the names of a list's items, in the order of the list.
func names(list *unstructured.UnstructuredList) []string {
	var all []string
	for i := range list.Items {
		all = append(all, list.Items[i].GetName())
	}
	return all
}

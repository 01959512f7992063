// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// Path is that of a resource of the API group.
func Path(resource string) string {
	return "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/" + resource
}

// Answer is the answer to an HTTP request.
type Answer struct {
	Code   int
	Header http.Header
	Body   []byte
}

// Get asks for a path with headers, each as a name followed by a value.
func Get(t testing.TB, config *rest.Config, path string, headers ...string) Answer {
	t.Helper()
	a, err := TryGet(t.Context(), config, path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TryGet is Get for those who have no test to fail.
func TryGet(ctx context.Context, config *rest.Config, path string, headers ...string) (Answer, error) {
	response, err := open(ctx, config, path, headers...)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer to %s: %w", path, err)
	}
	return Answer{Code: response.StatusCode, Header: response.Header, Body: body}, nil
}

// open sends a request and returns the answer before its body has come.
func open(ctx context.Context, config *rest.Config, path string, headers ...string) (*http.Response, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host+path, nil)
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return client.Do(request)
}

// List decodes a list in JSON, and fails the test if it is none.
func (a Answer) List(t testing.TB) *unstructured.UnstructuredList {
	t.Helper()
	l := &unstructured.UnstructuredList{}
	if err := l.UnmarshalJSON(a.Body); err != nil || a.Code != http.StatusOK {
		t.Fatalf("not a list (%v): %d %s", err, a.Code, a.Body)
	}
	return l
}

// Object decodes an object in JSON, and fails the test if it is none.
func (a Answer) Object(t testing.TB) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal(a.Body, &o.Object); err != nil {
		t.Fatalf("not an object (%v): %d %s", err, a.Code, a.Body)
	}
	return o
}

// Status decodes an error in JSON, and fails the test if it is none.
func (a Answer) Status(t testing.TB) metav1.Status {
	t.Helper()
	var s metav1.Status
	if err := json.Unmarshal(a.Body, &s); err != nil || s.Kind != "Status" {
		t.Fatalf("not a Status (%v): %d %s", err, a.Code, a.Body)
	}
	return s
}

// Names returns the names of a list's items, in its order.
func Names(l *unstructured.UnstructuredList) []string {
	names := make([]string, 0, len(l.Items))
	for i := range l.Items {
		names = append(names, l.Items[i].GetName())
	}
	return names
}

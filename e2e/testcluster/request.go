// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"
)

// Answer is the response to an HTTP request.
type Answer struct {
	Code   int
	Header http.Header
	Body   []byte
}

// Get gets a path with headers, each as a name followed by a value. It fails the test if there is no response.
func Get(t testing.TB, config *rest.Config, path string, headers ...string) Answer {
	t.Helper()
	a, err := TryGet(t.Context(), config, path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TryGet is like Get, but returns an error instead of failing a test.
func TryGet(ctx context.Context, config *rest.Config, path string, headers ...string) (Answer, error) {
	return Send(ctx, config, http.MethodGet, path, nil, headers...)
}

// Send sends a request with headers, each as a name followed by a value.
func Send(ctx context.Context, config *rest.Config, method, path string, body []byte, headers ...string) (Answer, error) {
	response, err := Open(ctx, config, method, path, body, headers...)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	return Answer{Code: response.StatusCode, Header: response.Header, Body: content}, nil
}

// Open sends a request and returns the response before its body has arrived.
func Open(ctx context.Context, config *rest.Config, method, path string, body []byte, headers ...string) (*http.Response, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, config.Host+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	return client.Do(request)
}

// Expect fails the test if the response has another status code.
func (a Answer) Expect(t testing.TB, code int) Answer {
	t.Helper()
	if a.Code != code {
		t.Fatalf("got status %d, want %d: %s", a.Code, code, a.Body)
	}
	return a
}

// List decodes a list in JSON. It fails the test if there is none or the status code is not 200.
func (a Answer) List(t testing.TB) *unstructured.UnstructuredList {
	t.Helper()
	l := &unstructured.UnstructuredList{}
	if err := l.UnmarshalJSON(a.Body); err != nil || a.Code != http.StatusOK {
		t.Fatalf("not a list (%v): %d %s", err, a.Code, a.Body)
	}
	return l
}

// Object decodes an object in JSON. It fails the test if there is none.
func (a Answer) Object(t testing.TB) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal(a.Body, &o.Object); err != nil {
		t.Fatalf("not an object (%v): %d %s", err, a.Code, a.Body)
	}
	return o
}

// Status decodes an error in JSON. It fails the test if there is none.
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
	var names []string
	for i := range l.Items {
		names = append(names, l.Items[i].GetName())
	}
	return names
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestDecode(t *testing.T) {
	got, err := Decode([]byte(`# A comment before the first document.
---
kind: A
spec: &shared {size: 3}
status: *shared
---
# Nothing but a comment.
---
kind: B
`))
	if err != nil {
		t.Fatal(err)
	}
	spec := map[string]any{"size": int64(3)}
	want := []*unstructured.Unstructured{
		{Object: map[string]any{"kind": "A", "spec": spec, "status": spec}},
		{Object: map[string]any{"kind": "B"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeNamesTheDocument(t *testing.T) {
	if _, err := Decode([]byte("kind: A\n---\nkind: [\n")); err == nil || !strings.Contains(err.Error(), "document 2") {
		t.Errorf("got error %v, expected one that names document 2", err)
	}
}

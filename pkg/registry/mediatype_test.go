// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"capsule.dev/tenantview/pkg/registry"
)

// A client that accepts tables only as a last resort gets another form. It may keep state that
// repeated rows would harm.
func TestWantsTable(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false,
		"application/json;as=Table;v=v1;g=meta.k8s.io":                                      true,
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json":                     true,
		"application/json; v=v1; g=meta.k8s.io; AS=Table":                                   true,
		"application/json,application/json;as=Table;v=v1;g=meta.k8s.io":                     false,
		"application/json;as=PartialObjectMetadata,application/json;as=Table;g=meta.k8s.io": false,
		"application/json;as=Tables":                                                        false,
		`application/json;note="as=Table"`:                                                  false,
	} {
		got := false
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		registry.WithForm(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = registry.WantsTable(r.Context()) })).ServeHTTP(nil, r)
		if got != want {
			t.Errorf("Accept %q wants a table: %v, want %v", accept, got, want)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/pkg/registry"
)

// passed is what a request with a body comes to.
type passed struct {
	code     int
	message  string
	reserved int
}

const (
	applied = "application/apply-patch+yaml"
	alias   = "a: &x {b: c}\nd: *x\n"
)

// A handler must not get a body that it would decode into much more than its size.
func TestBodies(t *testing.T) {
	for name, tc := range map[string]struct {
		verb, mediaType, body string
		chunked               bool
		reserve               error
		want                  passed
	}{
		"review":                  {verb: "create", mediaType: "application/json", body: "{}", want: passed{code: 200, reserved: 2 * bodyGrowth}},
		"no media type":           {verb: "create", body: "{}", want: passed{code: 200, reserved: 2 * bodyGrowth}},
		"long review":             {verb: "create", mediaType: "application/json", body: strings.Repeat(" ", maxSmallBody+1), want: passed{code: 413, message: "at most 65536 bytes"}},
		"review in YAML":          {verb: "create", mediaType: "application/yaml", body: "a: b", want: passed{code: 415, message: "send application/json"}},
		"update in YAML":          {verb: "update", mediaType: "Application/YAML; charset=utf-8", body: "a: b", want: passed{code: 415, message: "send application/json"}},
		"deletion in YAML":        {verb: "delete", mediaType: " application/yaml", body: "a: b", want: passed{code: 415, message: "send application/json"}},
		"long deletion":           {verb: "delete", body: strings.Repeat(" ", maxSmallBody+1), want: passed{code: 413, message: "at most 65536 bytes"}},
		"update":                  {verb: "update", mediaType: "application/json", body: strings.Repeat(" ", maxBody), want: passed{code: 200, reserved: maxBody * bodyGrowth}},
		"long update":             {verb: "update", mediaType: "application/json", body: strings.Repeat(" ", maxBody+1), want: passed{code: 413, message: "at most 1048576 bytes"}},
		"update of unknown size":  {verb: "update", mediaType: "application/json", body: "{}", chunked: true, want: passed{code: 200, reserved: maxBody * bodyGrowth}},
		"long, of unknown size":   {verb: "create", mediaType: "application/json", body: strings.Repeat(" ", maxSmallBody+1), chunked: true, want: passed{code: 413, message: "at most 65536 bytes", reserved: maxSmallBody * bodyGrowth}},
		"too much at a time":      {verb: "patch", mediaType: "application/merge-patch+json", body: "{}", reserve: errors.New("no more"), want: passed{code: 500, message: "no more", reserved: 2 * bodyGrowth}},
		"apply, JSON":             {verb: "patch", mediaType: applied, body: `{"a": "*x &x"}`, want: passed{code: 200, reserved: 14 * bodyGrowth}},
		"apply, YAML":             {verb: "patch", mediaType: applied, body: "a: '*x'", want: passed{code: 200, reserved: 7 * bodyGrowth}},
		"apply, alias":            {verb: "patch", mediaType: applied + "; charset=utf-8", body: alias, want: passed{code: 400, message: "a YAML alias", reserved: len(alias) * bodyGrowth}},
		"apply, alias below":      {verb: "patch", mediaType: applied, body: "a: &x 1\nb: [{c: [*x]}]", want: passed{code: 400, message: "a YAML alias", reserved: 22 * bodyGrowth}},
		"apply, alias afterwards": {verb: "patch", mediaType: applied, body: "a: b\n---\n" + alias, want: passed{code: 400, message: "a YAML alias", reserved: (9 + len(alias)) * bodyGrowth}},
		"apply, neither":          {verb: "patch", mediaType: applied, body: "a: [", want: passed{code: 400, message: "neither JSON nor YAML", reserved: 4 * bodyGrowth}},
		"apply, another spelling": {verb: "patch", mediaType: "application/Apply-Patch+YAML", body: alias, want: passed{code: 415, message: "send application/json"}},
		"a body of a get":         {verb: "get", mediaType: "application/yaml", body: alias, want: passed{code: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			got := passed{}
			handler := withSmallBodies(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
				if data, err := io.ReadAll(req.Body); err != nil || string(data) != tc.body {
					t.Errorf("the handler reads %d bytes (%v), not %d", len(data), err, len(tc.body))
				}
			}))
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(tc.body))
			req.Header.Set("Content-Type", tc.mediaType)
			if tc.chunked {
				req.ContentLength = -1
			}
			ctx := registry.WithReserve(req.Context(), func(bytes int) error {
				got.reserved += bytes
				return tc.reserve
			})
			ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{Verb: tc.verb, IsResourceRequest: true})
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, req.WithContext(ctx))
			got.code = w.Code
			if strings.Contains(w.Body.String(), tc.want.message) {
				got.message = tc.want.message
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(passed{})); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, w.Body)
			}
		})
	}
}

// If the body breaks off, the handler learns it.
func TestBodiesThatBreakOff(t *testing.T) {
	broken := errors.New("broken")
	var got error
	handler := withSmallBodies(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { _, got = io.ReadAll(req.Body) }))
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/", io.MultiReader(strings.NewReader("{"), failing{broken}))
	ctx := genericapirequest.WithRequestInfo(req.Context(), &genericapirequest.RequestInfo{Verb: "update"})
	handler.ServeHTTP(httptest.NewRecorder(), req.WithContext(ctx))
	if !errors.Is(got, broken) {
		t.Errorf("the handler gets %v", got)
	}
}

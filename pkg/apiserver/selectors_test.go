// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// repeated returns a selector with that many parts.
func repeated(n int, part func(int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = part(i)
	}
	return strings.Join(parts, ",")
}

func key(i int) string   { return fmt.Sprint("k", i) }
func equal(i int) string { return fmt.Sprint("k", i, "=v") }
func value(i int) string { return fmt.Sprint("v", i) }

func TestSelectorsOfRequests(t *testing.T) {
	const byLabel, byField = "labelSelector", "fieldSelector"
	set := func(n int) string { return "k in (" + repeated(n, value) + ")" }
	tooMany := func(parameter string, requirements, values int) string {
		return fmt.Sprintf("%s has %d requirements with %d values; at most 64 and 1000 are allowed", parameter, requirements, values)
	}
	for name, tc := range map[string]struct {
		query url.Values
		want  string // the message, if the request is refused
	}{
		"none":                        {nil, ""},
		"empty":                       {url.Values{byLabel: {""}, byField: {""}}, ""},
		"as many requirements":        {url.Values{byLabel: {repeated(64, key)}, byField: {repeated(64, equal)}}, ""},
		"too many labels":             {url.Values{byLabel: {repeated(65, key)}}, tooMany(byLabel, 65, 0)},
		"too many labels with values": {url.Values{byLabel: {repeated(65, equal)}}, tooMany(byLabel, 65, 65)},
		"too many fields":             {url.Values{byField: {repeated(65, equal)}}, tooMany(byField, 65, 65)},
		"as many values":              {url.Values{byLabel: {set(1000)}}, ""},
		"too many values":             {url.Values{byLabel: {set(1001)}}, tooMany(byLabel, 1, 1001)},
		"too many values together":    {url.Values{byLabel: {set(500) + "," + set(501)}}, tooMany(byLabel, 2, 1001)},
		"no selector at all":          {url.Values{byLabel: {strings.Repeat(",", 100)}}, tooMany(byLabel, 101, 0)},
		"the second one":              {url.Values{byLabel: {"a", repeated(65, key)}}, tooMany(byLabel, 65, 0)},
		"another parameter":           {url.Values{"continue": {repeated(65, key)}}, ""},
	} {
		for _, more := range []string{"", "&watch=1"} {
			t.Run(name+more, func(t *testing.T) {
				passed := false
				handler := withSmallSelectors(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed = true }))
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?"+tc.query.Encode()+more, nil))
				if passed != (tc.want == "") {
					t.Fatalf("passed: %v; %s", passed, w.Body)
				}
				if tc.want == "" {
					return
				}
				if w.Code != http.StatusBadRequest {
					t.Errorf("code %d", w.Code)
				}
				got := read[metav1.Status](t, response{http.StatusOK, w.Header(), w.Body.String()})
				if diff := gocmp.Diff(tc.want, got.Message); diff != "" || got.Reason != metav1.StatusReasonBadRequest {
					t.Errorf("reason %s, message (-want +got):\n%s", got.Reason, diff)
				}
			})
		}
	}
}

// The parsers must not find more than was counted.
func FuzzSelectorSizes(f *testing.F) {
	for _, selector := range []string{
		"", "a", "!a", "a=b", "a==b", "a!=b", "a in (b,c),d notin (e)", "a in (,b)", "a>1,b<2", "a=,b", "a in ()", ",a", "a,,b",
		`a\,b=c`, `a=b\,c`, `a=b\\,c=d`, "a=b=c", " a in ( b , c ) , d ", "a in (b", "a=(", "a b", "x in (a),x in (a)",
	} {
		f.Add(selector)
	}
	f.Fuzz(func(t *testing.T, selector string) {
		if parsed, err := labels.Parse(selector); err == nil {
			counted, want := sizeOfLabelSelector(selector), selectorSize{}
			requirements, _ := parsed.Requirements()
			for i := range requirements {
				want.requirements++
				want.values += len(requirements[i].ValuesUnsorted())
			}
			if counted.requirements < want.requirements || counted.values < want.values {
				t.Errorf("%q as labels: counted %+v, parsed %+v", selector, counted, want)
			}
		}
		if parsed, err := fields.ParseSelector(selector); err == nil {
			if counted, n := sizeOfFieldSelector(selector), len(parsed.Requirements()); counted.requirements < n {
				t.Errorf("%q as fields: counted %+v, parsed %d", selector, counted, n)
			}
		}
	})
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

const reviewBody = `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":%q,"metadata":{"name":"mine"},"spec":{"resource":"ns","name":%q%s}}`

func askWhy(t *testing.T, s *running, user, kind, name, more, accept, query string) response {
	t.Helper()
	r, err := s.send(user, http.MethodPost, group+"/"+strings.ToLower(kind)+"s"+query, accept, fmt.Sprintf(reviewBody, kind, name, more))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A review is answered like a SelfSubjectAccessReview: with 201, the question and the answer.
func testReview(t *testing.T, s *running) {
	for _, query := range []string{"", "?fieldManager=kubectl-create&fieldValidation=Strict", "?dryRun=All"} {
		r := askWhy(t, s, "alice", "SelfTenantViewReview", "solar-a", "", "", query)
		if r.Code != http.StatusCreated {
			t.Fatalf("code %d: %s", r.Code, r.Body)
		}
		r.Code = http.StatusOK // as read expects
		got := read[v1alpha1.SelfTenantViewReview](t, r)
		if !got.Status.Allowed || len(got.Status.Grants) != 1 || got.Status.Grants[0].Tenant != "solar" || got.Kind != "SelfTenantViewReview" {
			t.Errorf("answer %+v", got)
		}
		// Nothing is stored, so there is nothing to say about it.
		if diff := gocmp.Diff(metav1.ObjectMeta{}, got.ObjectMeta); diff != "" {
			t.Errorf("metadata (-none +got):\n%s", diff)
		}
	}
	r := askWhy(t, s, "administrator", "TenantViewReview", "hidden-a", `,"user":"alice","groups":["system:authenticated"]`, "", "")
	r.Code = http.StatusOK
	about := read[v1alpha1.TenantViewReview](t, r)
	if about.Status.Allowed || about.Status.Exists == nil || !*about.Status.Exists || about.Spec.User != "alice" {
		t.Errorf("answer %+v", about)
	}
	table := askWhy(t, s, "alice", "SelfTenantViewReview", "solar-a", "", "application/json;as=Table;v=v1;g=meta.k8s.io", "")
	if !strings.Contains(table.Body, `"cells":["ns","solar-a",true,"You can list`) {
		t.Errorf("table %s", table.Body)
	}
}

// The answer for a hidden object equals that for an absent one, byte for byte.
func testReviewOfHidden(t *testing.T, s *running) {
	for _, op := range []string{"", `,"operation":"Get"`, `,"operation":"Update"`, `,"operation":"Delete"`} {
		hidden, absent := askWhy(t, s, "alice", "SelfTenantViewReview", "hidden-a", op, "", ""), askWhy(t, s, "alice", "SelfTenantViewReview", "absent-a", op, "", "")
		absent.Body = strings.ReplaceAll(absent.Body, "absent-a", "hidden-a")
		for _, r := range []response{hidden, absent} {
			r.Header.Del("Audit-Id")
			r.Header.Del("Date")
		}
		if diff := gocmp.Diff(absent, hidden); diff != "" || hidden.Code != http.StatusCreated {
			t.Errorf("%s (-absent +hidden):\n%s", op, diff)
		}
	}
}

func testReviewCodes(t *testing.T, s *running) {
	self := group + "/selftenantviewreviews"
	for _, tc := range []struct {
		user, method, path, body string
		code                     int
		want                     string
	}{
		{"", http.MethodPost, self, "{}", 401, ""},
		{"mallory", http.MethodPost, self, "{}", 403, ""},
		{"alice", http.MethodPost, self, `{"spec":{"resource":"pods"}}`, 422, "spec.resource: Unsupported value"},
		{"alice", http.MethodPost, self, `{"spec":{}}`, 422, "spec.resource: Required value: must be one of tenantingressclasses"},
		{"alice", http.MethodPost, self, `{"spec":`, 400, ""},
		{"alice", http.MethodPost, self, `{"apiVersion":"v1","kind":"Pod"}`, 400, ""},
		{"alice", http.MethodPost, self + "?fieldValidation=Strict", `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"SelfTenantViewReview","spec":{"resorce":"ns"}}`, 400, `unknown field \"spec.resorce\"`},
		{"alice", http.MethodPost, self + "/mine", "{}", 404, ""},
		{"alice", http.MethodGet, self, "", 405, ""},
		{"alice", http.MethodGet, self + "/mine", "", 404, ""},
		{"alice", http.MethodDelete, self, "", 405, ""},
		{"alice", http.MethodPost, group + "/tenantviewreviews", `{"spec":{"resource":"ns"}}`, 422, "spec.user: Required value"},
	} {
		r, err := s.send(tc.user, tc.method, tc.path, "", tc.body)
		if err != nil {
			t.Fatal(err)
		}
		if r.Code != tc.code || !strings.Contains(r.Body, tc.want) {
			t.Errorf("%s %s %s: code %d, want %d: %s", tc.method, tc.path, tc.body, r.Code, tc.code, r.Body)
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package impersonate

import (
	"net/http"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
)

type refused struct{ t *testing.T }

func (r refused) RoundTrip(req *http.Request) (*http.Response, error) {
	r.t.Errorf("a request is sent: %v", req.Header)
	return nil, http.ErrNotSupported
}

// The server's own credentials are on every request. One without a user would be the server's own.
func TestRequestsWithoutUserAreNotSent(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://localhost", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (impersonating{refused{t}}).RoundTrip(req); err == nil {
		t.Error("no error without a user")
	}
	req = req.WithContext(as(t.Context(), &user.DefaultInfo{Name: "alice"}))
	req.Header.Set("Impersonate-User", "root")
	if _, err := (impersonating{refused{t}}).RoundTrip(req); err == nil {
		t.Error("no error with another user in the headers")
	}
}

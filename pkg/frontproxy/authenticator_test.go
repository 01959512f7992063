// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package frontproxy

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/user"
)

func configOf(t testing.TB, ca *authority) *authenticatorfactory.RequestHeaderConfig {
	return &authenticatorfactory.RequestHeaderConfig{
		UsernameHeaders:     headerrequest.StaticStringSlice{"X-Remote-User", "X-Other-User"},
		UIDHeaders:          headerrequest.StaticStringSlice{"X-Remote-Uid"},
		GroupHeaders:        headerrequest.StaticStringSlice{"X-Remote-Group"},
		ExtraHeaderPrefixes: headerrequest.StaticStringSlice{"X-Remote-Extra-"},
		CAContentProvider:   bundle(t, ca),
		AllowedClientNames:  headerrequest.StaticStringSlice{"front-proxy"},
	}
}

// answer is all that an authenticator says, and does to the request.
type answer struct {
	User   *user.DefaultInfo
	OK     bool
	Err    string
	Header http.Header
}

func answerOf(a authenticator.Request, r *http.Request) answer {
	response, ok, err := a.AuthenticateRequest(r)
	got := answer{OK: ok, Header: r.Header}
	if err != nil {
		got.Err = err.Error()
	}
	if response != nil {
		u := response.User
		got.User = &user.DefaultInfo{Name: u.GetName(), UID: u.GetUID(), Groups: u.GetGroups(), Extra: u.GetExtra()}
	}
	return got
}

// The authenticator of k8s.io/apiserver is the contract, for requests of the front proxy, of other clients, and of
// those who pretend.
func TestAnswersAreThoseOfAll(t *testing.T) {
	ca, clientCA := newCA(t, "front-proxy-ca"), newCA(t, "client-ca")
	config := configOf(t, ca)
	all, _, err := authenticatorfactory.DelegatingAuthenticatorConfig{
		Anonymous:                          &apiserver.AnonymousAuthConfig{Enabled: true, Conditions: []apiserver.AnonymousAuthCondition{{Path: "/livez"}}},
		ClientCertificateCAContentProvider: bundle(t, clientCA), RequestHeaderConfig: config,
	}.New()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	a := New(config, authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		asked++
		return all.AuthenticateRequest(r)
	}))
	proxy := ca.sign(t, "front-proxy")
	clients := map[string]*authority{
		"the front proxy": proxy, "another name": ca.sign(t, "other"), "a client": clientCA.sign(t, "front-proxy"),
		"a stranger": newCA(t, "other").sign(t, "front-proxy"), "no certificate": nil,
	}
	headers := map[string]http.Header{
		"a user":             {"X-Remote-User": {"alice"}, "X-Remote-Uid": {"7"}, "X-Remote-Group": {"b", "", "a"}, "X-Remote-Extra-Scopes": {"x", "y"}, "Accept": {"*/*"}},
		"another header":     {"X-Other-User": {"alice"}, "X-Remote-User": {""}},
		"authenticated":      {"X-Remote-User": {"alice"}, "X-Remote-Group": {user.AllAuthenticated}},
		"anonymous":          {"X-Remote-User": {user.Anonymous}, "X-Remote-Group": {user.AllUnauthenticated}},
		"groups and no user": {"X-Remote-Group": {"a"}, "X-Remote-Uid": {"7"}},
		"an empty user":      {"X-Remote-User": {""}},
		"nothing":            {},
	}
	for client, certificate := range clients {
		for what, header := range headers {
			for _, path := range []string{"/livez", "/apis"} {
				request := func() *http.Request {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://server"+path, nil)
					if err != nil {
						t.Fatal(err)
					}
					r.Header, r.TLS = header.Clone(), stateOf()
					if certificate != nil {
						r.TLS = stateOf(certificate)
					}
					return r
				}
				want := answerOf(all, request())
				for range 2 { // the second time, the certificate is known
					asked = 0
					if diff := cmp.Diff(want, answerOf(a, request())); diff != "" {
						t.Errorf("%s, %s, %s (-want +got):\n%s", client, what, path, diff)
					}
				}
				if passedOn, named := asked > 0, header.Get("X-Remote-User")+header.Get("X-Other-User") != ""; passedOn == (certificate == proxy && named) {
					t.Errorf("%s, %s: passed on to the other authenticators: %v", client, what, passedOn)
				}
			}
		}
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/util/cert"

	"capsule.dev/tenantview/pkg/frontproxy"
)

// A request without an identity must not cost an access review, wherever the server reads its
// authentication configuration from. Requests that the front proxy marks as anonymous do have an
// identity.
func TestAnonymousRequests(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := cert.NewSelfSignedCACert(cert.Config{CommonName: "ca"}, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	const path = "/apis/tenantview.capsule.dev/v1alpha1/tenantnamespaces"
	request := func(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }
	certified := request(path)
	certified.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{ca}}
	proxied := certified.Clone(t.Context())
	proxied.Header.Set("X-Remote-User", "system:anonymous")
	clientCA, frontProxyCA := "--client-ca-file="+file, "--requestheader-client-ca-file="+file

	// answer holds the users that the requests authenticate as, and whether the server waits for
	// the published configuration.
	type answer struct {
		Probe, Nobody, Certified, Proxied string
		Waits                             bool
	}
	const anonymous = "system:anonymous"
	for name, tc := range map[string]struct {
		args []string
		want answer
	}{
		"all published":         {nil, answer{Probe: anonymous, Waits: true}},
		"client CA in a file":   {[]string{clientCA}, answer{Probe: anonymous, Certified: "ca", Proxied: "ca", Waits: true}},
		"front proxy in a file": {[]string{frontProxyCA}, answer{Probe: anonymous, Proxied: anonymous, Waits: true}},
		"nothing published":     {[]string{"--authentication-skip-lookup"}, answer{Probe: anonymous}},
		"all in files": {
			[]string{"--authentication-skip-lookup", clientCA, frontProxyCA},
			answer{Probe: anonymous, Certified: "ca", Proxied: anonymous},
		},
	} {
		t.Run(name, func(t *testing.T) {
			generic := config(t, tc.args...).Generic
			who := func(r *http.Request) string {
				response, ok, _ := generic.Authentication.Authenticator.AuthenticateRequest(r)
				if !ok {
					return ""
				}
				return response.User.GetName()
			}
			if _, remembers := generic.Authentication.Authenticator.(*frontproxy.Authenticator); remembers != (generic.Authentication.RequestHeaderConfig != nil) {
				t.Errorf("the certificate of the front proxy is remembered: %v", remembers)
			}
			got := answer{
				Probe: who(request("/readyz")), Nobody: who(request(path)), Certified: who(certified.Clone(t.Context())), Proxied: who(proxied.Clone(t.Context())),
				Waits: slices.ContainsFunc(generic.ReadyzChecks, func(c healthz.HealthChecker) bool { return c.Name() == "authentication" }),
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

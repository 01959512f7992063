// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// Users can also connect to the server's own port. There, a client certificate or a bearer token gives the
// same view as through kube-apiserver. So does impersonation, with permission.
func TestDirectIdentities(t *testing.T) {
	arrange(t, solarAndWind)
	for name, config := range map[string]*rest.Config{
		"a client certificate": shared.As(t, "alice"),
		"a bearer token":       shared.As(t, "system:serviceaccount:e2e-ci:bot"),
		"a user without grant": shared.As(t, "carol"),
		"an administrator":     shared.Admin,
		"an impersonator":      shared.Impersonating("alice"),
	} {
		for _, k := range kinds {
			aggregated := testcluster.Get(t, config, k.Path()).List(t)
			direct := testcluster.Get(t, shared.DirectConfig(config), k.Path()).List(t)
			if diff := cmp.Diff(aggregated.Items, direct.Items); diff != "" {
				t.Errorf("%s: %s (-through kube-apiserver +direct):\n%s", name, k.Resource(), diff)
			}
		}
	}
	// kube-apiserver verifies the token of a service account.
	forged := rest.AnonymousClientConfig(shared.Admin)
	forged.BearerToken = shared.As(t, "system:serviceaccount:e2e-ci:bot").BearerToken + "x"
	testcluster.Get(t, shared.DirectConfig(forged), kindOf("namespaces").Path()).Expect(t, 401)
}

// forgedHeaders are the headers with which the front proxy names the user.
var forgedHeaders = [][]string{
	{"X-Remote-User", "alice"},
	{"X-Remote-User", "root", "X-Remote-Group", "system:masters"},
	{"X-Remote-User", "alice", "X-Remote-Uid", "1", "X-Remote-Extra-Scopes", "all"},
}

// Only the front proxy may name the user. From any other client, its headers have no effect: they neither
// admit unauthenticated clients nor turn one user into another.
func TestForgedFrontProxyHeaders(t *testing.T) {
	arrange(t, solarAndWind)
	path := kindOf("namespaces").Path()
	carol := shared.As(t, "carol")
	for _, headers := range forgedHeaders {
		testcluster.Get(t, shared.DirectConfig(rest.AnonymousClientConfig(shared.Admin)), path, headers...).Expect(t, 401)
		for way, config := range map[string]*rest.Config{
			"direct":                 shared.DirectConfig(carol),
			"through kube-apiserver": carol,
			// The name in the front proxy's certificate counts only with the front proxy's authority.
			"namesake of the front proxy": shared.DirectConfig(shared.As(t, "front-proxy-client")),
		} {
			if list := testcluster.Get(t, config, path, headers...).List(t); len(list.Items) > 0 {
				t.Errorf("%v %s: got %v", headers, way, testcluster.Names(list))
			}
		}
		token := shared.As(t, "system:serviceaccount:e2e-ci:bot")
		if diff := cmp.Diff(ofSolar["namespaces"], testcluster.Names(testcluster.Get(t, shared.DirectConfig(token), path, headers...).List(t))); diff != "" {
			t.Errorf("%v with a token (-want +got):\n%s", headers, diff)
		}
	}
}

// A certificate from an authority that the cluster does not know proves nothing.
func TestForeignCertificate(t *testing.T) {
	other, err := controlplane.Open(controlplane.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.UserConfig("alice", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	config := shared.DirectConfig(shared.Admin)
	config.CertData, config.KeyData = stranger.CertData, stranger.KeyData
	testcluster.Get(t, config, kindOf("namespaces").Path()).Expect(t, 401)
}

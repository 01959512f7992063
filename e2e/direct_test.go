// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
)

// The server's port is reachable by itself. A client certificate and a bearer token give the same view
// there as through kube-apiserver, and so does impersonation with the right to it.
func TestDirectIdentities(t *testing.T) {
	arrange(t, solarAndWind)
	for name, config := range map[string]*rest.Config{
		"a client certificate": shared.as(t, "alice"),
		"a bearer token":       shared.as(t, "system:serviceaccount:e2e-ci:bot"),
		"a user without grant": shared.as(t, "carol"),
		"an administrator":     shared.admin,
		"an impersonator":      shared.impersonating("alice"),
	} {
		for _, k := range kinds {
			aggregated := get(t, config, k.path()).expect(t, 200).list(t)
			direct := get(t, shared.DirectConfig(config), k.path()).expect(t, 200).list(t)
			if diff := cmp.Diff(aggregated.Items, direct.Items); diff != "" {
				t.Errorf("%s: %s (-through kube-apiserver +direct):\n%s", name, k.resource, diff)
			}
		}
	}
	// The token of a service account is checked by kube-apiserver, not believed.
	forged := rest.AnonymousClientConfig(shared.admin)
	forged.BearerToken = shared.as(t, "system:serviceaccount:e2e-ci:bot").BearerToken + "x"
	get(t, shared.DirectConfig(forged), kindOf("namespaces").path()).expect(t, 401)
}

// forgedHeaders are those with which the front proxy says who asks.
var forgedHeaders = [][]string{
	{"X-Remote-User", "alice"},
	{"X-Remote-User", "root", "X-Remote-Group", "system:masters"},
	{"X-Remote-User", "alice", "X-Remote-Uid", "1", "X-Remote-Extra-Scopes", "all"},
}

// Only the front proxy may say who asks. From anybody else its headers mean nothing: they neither let
// nobody in nor make one user another.
func TestForgedFrontProxyHeaders(t *testing.T) {
	arrange(t, solarAndWind)
	path := kindOf("namespaces").path()
	carol := shared.as(t, "carol")
	for _, headers := range forgedHeaders {
		get(t, shared.DirectConfig(rest.AnonymousClientConfig(shared.admin)), path, headers...).expect(t, 401)
		for way, config := range map[string]*rest.Config{
			"direct":                 shared.DirectConfig(carol),
			"through kube-apiserver": carol,
			// The name that the front proxy's certificate has counts only with the front proxy's authority.
			"namesake of the front proxy": shared.DirectConfig(shared.as(t, "front-proxy-client")),
		} {
			if list := get(t, config, path, headers...).expect(t, 200).list(t); len(list.Items) > 0 {
				t.Errorf("%v %s: got %v", headers, way, names(list))
			}
		}
		token := shared.as(t, "system:serviceaccount:e2e-ci:bot")
		if diff := cmp.Diff(ofSolar["namespaces"], names(get(t, shared.DirectConfig(token), path, headers...).expect(t, 200).list(t))); diff != "" {
			t.Errorf("%v with a token (-want +got):\n%s", headers, diff)
		}
	}
}

// A certificate of an authority that the cluster does not know proves nothing.
func TestForeignCertificate(t *testing.T) {
	other, err := controlplane.Open(controlplane.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.UserConfig("alice", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	config := shared.DirectConfig(shared.admin)
	config.CertData, config.KeyData = stranger.CertData, stranger.KeyData
	get(t, config, kindOf("namespaces").path()).expect(t, 401)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func TestKubeconfigGivesBackTheConfiguration(t *testing.T) {
	cp, err := Open(Config{Dir: t.TempDir(), Ports: DefaultPorts})
	if err != nil {
		t.Fatal(err)
	}
	user, err := cp.UserConfig("alice", "devs")
	if err != nil {
		t.Fatal(err)
	}
	token := cp.anonymousConfig()
	token.BearerToken = "not-a-real-token"
	for name, want := range map[string]*rest.Config{"certificate": user, "token": token} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kubeconfig")
			if err := WriteKubeconfig(path, "alice", want); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("mode %v: the file holds a credential", mode)
			}
			got, err := clientcmd.BuildConfigFromFlags("", path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(identity(want), identity(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// identity returns the parts of a configuration that determine the server and the user.
func identity(c *rest.Config) map[string]string {
	return map[string]string{
		"host": c.Host, "ca": string(c.CAData), "cert": string(c.CertData), "key": string(c.KeyData), "token": c.BearerToken,
	}
}

func TestDirectConfigKeepsTheIdentity(t *testing.T) {
	cp, err := Open(Config{Dir: t.TempDir(), Ports: DefaultPorts})
	if err != nil {
		t.Fatal(err)
	}
	admin := cp.AdminConfig()
	want := identity(admin)
	want["host"], want["ca"] = "https://127.0.0.1:16444", string(cp.pki.server.certPEM)
	if diff := cmp.Diff(want, identity(cp.DirectConfig(admin))); diff != "" {
		t.Error(diff)
	}
	if admin.Host != "https://127.0.0.1:16443" {
		t.Error("DirectConfig has changed its argument")
	}
}

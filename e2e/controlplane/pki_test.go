// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPKIIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	first, err := loadPKI(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := readFolder(t, dir)
	second, err := loadPKI(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A certificate from before a restart must still be valid after it.
	for name, content := range readFolder(t, dir) {
		if before[name] != content {
			t.Errorf("%s was replaced", name)
		}
	}
	if !first.cluster.cert.Equal(second.cluster.cert) {
		t.Error("the cluster's authority has changed")
	}
}

func TestPKIKeysAreReadableByTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := loadPKI(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	for _, key := range keys {
		info, err := os.Stat(key)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(key), mode)
		}
	}
}

func TestClientCertificate(t *testing.T) {
	p, err := loadPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := p.cluster.client("alice", "devs", "ops")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCertificate(pair.certPEM)
	if err != nil {
		t.Fatal(err)
	}
	if got := cert.Subject.CommonName; got != "alice" {
		t.Errorf("user %q", got)
	}
	groups := slices.Sorted(slices.Values(cert.Subject.Organization))
	if !slices.Equal(groups, []string{"devs", "ops"}) {
		t.Errorf("groups %q", groups)
	}
	verify(t, cert, p.cluster, x509.ExtKeyUsageClientAuth, true)
	// A client that could pass for the front proxy could claim to be any user.
	verify(t, cert, p.frontProxy, x509.ExtKeyUsageClientAuth, false)
	verify(t, cert, p.cluster, x509.ExtKeyUsageServerAuth, false)
}

func TestServerCertificate(t *testing.T) {
	p, err := loadPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := p.newServerCertificate()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCertificate(pair.certPEM)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"tenantview-apiserver.tenantview-system.svc", "localhost", "127.0.0.1", "::1"} {
		if err := cert.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	verify(t, cert, p.server, x509.ExtKeyUsageServerAuth, true)
	verify(t, cert, p.cluster, x509.ExtKeyUsageServerAuth, false)
}

func verify(t *testing.T, cert *x509.Certificate, by *authority, usage x509.ExtKeyUsage, want bool) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(by.cert)
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}})
	if (err == nil) != want {
		t.Errorf("certificate of %s verified by %s for usage %d: %v, expected %v",
			cert.Subject, by.cert.Subject, usage, err, want)
	}
}

func readFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[entry.Name()] = string(data)
	}
	return contents
}

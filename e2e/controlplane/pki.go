// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// pki is the key material of a control plane. The authorities in dir are never replaced. The
// certificates that they issue to the programs are written beside them.
type pki struct {
	dir string
	// cluster signs kube-apiserver's serving certificate and every client certificate.
	cluster *authority
	// frontProxy signs the certificate with which the aggregation layer calls the server. It must not
	// sign anything else: the holder of such a certificate may claim to be any user.
	frontProxy *authority
	// server signs the serving certificate of tenantview-apiserver. It is a separate authority so that
	// tests notice a missing caBundle in the APIService.
	server *authority
}

func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// loadPKI reads the key material in dir and makes what is missing.
func loadPKI(dir string) (*pki, error) {
	p := &pki{dir: dir}
	for _, a := range []struct {
		to               **authority
		file, commonName string
	}{
		{&p.cluster, "ca", "tenantview development cluster CA"},
		{&p.frontProxy, "front-proxy-ca", "tenantview development front proxy CA"},
		{&p.server, "tenantview-ca", "tenantview development serving CA"},
	} {
		var err error
		if *a.to, err = loadAuthority(p.path(a.file+".crt"), p.path(a.file+".key"), a.commonName); err != nil {
			return nil, err
		}
	}
	return p, p.issueMissing()
}

func (p *pki) issueMissing() error {
	for _, c := range []struct {
		file  string
		issue func() (*keyPair, error)
	}{
		{"kube-apiserver", func() (*keyPair, error) {
			return p.cluster.serving("kube-apiserver", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
		}},
		{"kube-controller-manager", func() (*keyPair, error) { return p.cluster.serving("kube-controller-manager") }},
		{"front-proxy-client", func() (*keyPair, error) { return p.frontProxy.client(frontProxyUser) }},
		{"tenantview", p.newServerCertificate},
	} {
		if _, err := readKeyPair(p.path(c.file+".crt"), p.path(c.file+".key")); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		pair, err := c.issue()
		if err != nil {
			return err
		}
		if err := pair.write(p.path(c.file+".crt"), p.path(c.file+".key")); err != nil {
			return err
		}
	}
	return p.loadServiceAccountKey()
}

func (p *pki) newServerCertificate() (*keyPair, error) {
	return p.server.serving(ServerName, servingName)
}

// loadServiceAccountKey makes the key that signs service account tokens, if there is none.
func (p *pki) loadServiceAccountKey() error {
	if _, err := os.Stat(p.path("service-account.pub")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return (&keyPair{
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}).write(p.path("service-account.pub"), p.path("service-account.key"))
}

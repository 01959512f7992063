// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package frontproxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// start is the time at which the tests begin.
var start = time.Now().Round(0)

// authority is a CA, or an intermediate one.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue changes a template of a certificate that is valid for a day.
type issue func(*x509.Certificate)

func until(t time.Time) issue { return func(c *x509.Certificate) { c.NotAfter = t } }

// sign returns a certificate by an authority, or by itself if that is nil.
func (a *authority) sign(t testing.TB, name string, changes ...issue) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: start.Add(-time.Hour), NotAfter: start.Add(24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, change := range changes {
		change(template)
	}
	parent, signer := template, key
	if a != nil {
		parent, signer = a.certificate, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate, key}
}

func isCA(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.ExtKeyUsage = true, true, nil
	c.KeyUsage = x509.KeyUsageCertSign
}

func newCA(t testing.TB, name string, changes ...issue) *authority {
	return (*authority)(nil).sign(t, name, append([]issue{isCA}, changes...)...)
}

// bundle returns a CA bundle, as kube-apiserver publishes it.
func bundle(t testing.TB, cas ...*authority) dynamiccertificates.CAContentProvider {
	t.Helper()
	var content []byte
	for _, ca := range cas {
		content = append(content, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.certificate.Raw})...)
	}
	provider, err := dynamiccertificates.NewStaticCAContent("front-proxy", content)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

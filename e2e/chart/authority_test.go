// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/node"
	"capsule.dev/tenantview/e2e/testcluster"
)

// authority is a certificate authority of an administrator.
type authority struct {
	pem  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serverName = controlplane.ServerName + "." + namespace + ".svc"

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	template := newTemplate(t, name, time.Now().Add(24*time.Hour))
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a := &authority{cert: template}
	a.pem, a.key = a.sign(t, template)
	return a
}

func newTemplate(t *testing.T, name string, notAfter time.Time) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: notAfter.Add(-48 * time.Hour), NotAfter: notAfter}
}

// sign signs a certificate, with its own key if the authority has none yet.
func (a *authority) sign(t *testing.T, template *x509.Certificate) (string, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), key
}

// issue returns the data of a Secret with a serving certificate.
func (a *authority) issue(t *testing.T, notAfter time.Time, names ...string) map[string][]byte {
	t.Helper()
	template := newTemplate(t, names[0], notAfter)
	template.DNSNames, template.ExtKeyUsage = names, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	certificate, key := a.sign(t, template)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		corev1.TLSCertKey:       []byte(certificate),
		corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"ca.crt":                []byte(a.pem),
	}
}

// serves waits until every Pod serves the certificate of a Secret, and that is valid for a client that trusts this
// bundle, as kube-apiserver is one.
func (c *cluster) serves(t *testing.T, secret map[string][]byte, bundle string) {
	t.Helper()
	block, _ := pem.Decode(secret[corev1.TLSCertKey])
	if block == nil {
		t.Fatal("the Secret has no certificate")
	}
	want, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(bundle)) {
		t.Fatalf("the caBundle has no certificate: %q", bundle)
	}
	testcluster.Eventually(t, "all Pods serve the certificate of the Secret", func() error {
		for _, p := range c.pods(t) {
			address := fmt.Sprintf("%s:%d", node.Loopback(p.Status.PodIP), p.Spec.Containers[0].Ports[0].ContainerPort)
			conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: serverName})
			if err != nil {
				return err
			}
			got := conn.ConnectionState().PeerCertificates[0]
			_ = conn.Close()
			if !got.Equal(want) {
				return fmt.Errorf("Pod %s serves the one of %s, expected %s", p.Name, got.NotBefore, want.NotBefore)
			}
		}
		return nil
	})
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"k8s.io/klog/v2/textlogger"

	"capsule.dev/tenantview/internal/syncbuffer"
)

const serverName = "server.namespace.svc"

// pair is a certificate and its key, as PEM. It is a Content.
type pair struct{ cert, key []byte }

func (p pair) CurrentCertKeyContent() (cert, key []byte) { return p.cert, p.key }

// issue makes a self-signed certificate for serverName that is valid for a hundred days, of which
// ten are over.
func issue(t *testing.T, change func(*x509.Certificate)) pair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, DNSNames: []string{serverName},
		NotBefore: time.Now().AddDate(0, 0, -10), NotAfter: time.Now().AddDate(0, 0, 90),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// files writes a pair to files that the options name.
func files(t *testing.T, p pair) Options {
	t.Helper()
	dir := t.TempDir()
	o := Options{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key"), Name: serverName}
	write(t, o.CertFile, p.cert)
	write(t, o.KeyFile, p.key)
	return o
}

// lines collects log lines.
type lines struct{ syncbuffer.Buffer }

// attach makes a monitor log to the lines.
func (l *lines) attach(m *Monitor) *Monitor {
	m.logger = textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(l)))
	return m
}

var message = regexp.MustCompile(`\] "([^"]*)"`)

// take returns the messages since the last take, and their lines.
func (l *lines) take() (messages []string, text string) {
	text = l.Take()
	for _, found := range message.FindAllStringSubmatch(text, -1) {
		messages = append(messages, found[1])
	}
	return messages, text
}

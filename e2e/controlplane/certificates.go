// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"
)

// certificateLifetime is long because the certificates of a development cluster are made only once and
// must outlive it.
const certificateLifetime = 10 * 365 * 24 * time.Hour

// keyPair is a certificate and its private key, both PEM-encoded.
type keyPair struct {
	certPEM, keyPEM []byte
}

// authority is a certificate authority.
type authority struct {
	certPEM []byte
	cert    *x509.Certificate
	key     crypto.Signer
}

// loadAuthority reads an authority from certFile and keyFile. If neither exists, it makes an authority
// and writes the files.
func loadAuthority(certFile, keyFile, commonName string) (*authority, error) {
	pair, err := readKeyPair(certFile, keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		if pair, err = newAuthorityKeyPair(commonName); err == nil {
			err = pair.write(certFile, keyFile)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", commonName, err)
	}
	a := &authority{certPEM: pair.certPEM}
	if a.cert, err = parseCertificate(pair.certPEM); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	if a.key, err = parseKey(pair.keyPEM); err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	return a, nil
}

func newAuthorityKeyPair(commonName string) (*keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: commonName})
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	return sign(template, template, key, key)
}

// client issues a client certificate. kube-apiserver takes the user from its common name and the groups
// from its organizations.
func (a *authority) client(user string, groups ...string) (*keyPair, error) {
	return a.issue(pkix.Name{CommonName: user, Organization: groups}, func(t *x509.Certificate) {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
}

// serving issues a certificate for a server on loopback that clients also reach by dnsNames.
func (a *authority) serving(commonName string, dnsNames ...string) (*keyPair, error) {
	return a.issue(pkix.Name{CommonName: commonName}, func(t *x509.Certificate) { forServer(t, dnsNames...) })
}

// forServer makes a certificate one for a server on loopback that clients also reach by dnsNames.
func forServer(t *x509.Certificate, dnsNames ...string) {
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames = append([]string{"localhost"}, dnsNames...)
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
}

func (a *authority) issue(subject pkix.Name, adjust func(*x509.Certificate)) (*keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(subject)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	adjust(template)
	return sign(template, a.cert, key, a.key)
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		// The clock of a virtual machine may go back a little after the machine was resumed.
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.Add(certificateLifetime),
	}, nil
}

func sign(template, parent *x509.Certificate, key, signer crypto.Signer) (*keyPair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &keyPair{
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}, nil
}

func (k *keyPair) write(certFile, keyFile string) error {
	if err := writeFile(keyFile, k.keyPEM, 0o600); err != nil {
		return err
	}
	return writeFile(certFile, k.certPEM, 0o644)
}

func readKeyPair(certFile, keyFile string) (*keyPair, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	return &keyPair{certPEM: certPEM, keyPEM: keyPEM}, nil
}

func parseCertificate(data []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("holds no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parseKey(data []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("holds no PEM private key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("holds a %T, which cannot sign", key)
	}
	return signer, nil
}

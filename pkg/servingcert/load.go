// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/util/cert"
)

// Load reads a certificate and its private key from PEM files, and returns the certificate. Its
// errors name the file that is wrong.
func Load(certFile, keyFile string) (*x509.Certificate, error) {
	certPEM, err := os.ReadFile(certFile) //nolint:gosec // the file that a flag of the administrator names
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile) //nolint:gosec // likewise
	if err != nil {
		return nil, err
	}
	leaf, err := parse(certPEM)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	if _, err := tls.X509KeyPair(certPEM, keyPEM); err != nil {
		reason := strings.TrimPrefix(err.Error(), "tls: ")
		// The reason of crypto/tls for a key that is in order, but another certificate's.
		if strings.Contains(reason, "does not match") {
			return nil, fmt.Errorf("%s: the private key is not the one of the certificate in %s", keyFile, certFile)
		}
		return nil, fmt.Errorf("%s: no usable private key: %s", keyFile, reason)
	}
	return leaf, nil
}

// parse returns the first certificate, which is the server's own. Others are its issuers.
func parse(certPEM []byte) (*x509.Certificate, error) {
	chain, err := cert.ParseCertsPEM(certPEM)
	if err != nil {
		return nil, fmt.Errorf("no usable PEM certificate: %w", err)
	}
	return chain[0], nil
}

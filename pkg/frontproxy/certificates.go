// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package frontproxy

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"time"

	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	x509request "k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/utils/clock"
	"k8s.io/utils/lru"
)

const (
	// maxAge is how long a certificate is not verified again, at most.
	maxAge = time.Minute
	// maxCertificates is how many certificates are remembered. Each kube-apiserver has one.
	maxCertificates = 64
	// maxBytes is the size up to which what a client sends is looked at here.
	maxBytes = 16 << 10
)

// certificates verifies the client certificates of the front proxy. A certificate is valid for minutes to years,
// and comes with each of thousands of requests, so it remembers which are valid. It remembers no others.
//
// A certificate is verified again when the CA bundle has changed, when one of its chain expires, when the clock
// has been set back, and after maxAge.
type certificates struct {
	options x509request.VerifyOptionFunc
	clock   clock.PassiveClock
	check   func(*x509.Certificate, x509.VerifyOptions) ([][]*x509.Certificate, error)
	valid   *lru.Cache // of validity, by digestOf
}

// validity says when, and for which CA bundle, a certificate need not be verified again.
type validity struct {
	// roots is the pool of the CA bundle. A provider makes a new one for each new content
	// (k8s.io/apiserver/pkg/server/dynamiccertificates), and never changes it.
	roots       *x509.CertPool
	from, until time.Time
}

func newCertificates(options x509request.VerifyOptionFunc, c clock.PassiveClock) *certificates {
	return &certificates{options: options, clock: c, check: (*x509.Certificate).Verify, valid: lru.New(maxCertificates)}
}

// verify returns whether the client has a certificate of the CA bundle with one of the names; no names mean any.
// It decides as k8s.io/apiserver/pkg/authentication/request/x509.Verifier does. TLS has made sure that the client
// has the key of the certificate.
func (c *certificates) verify(state *tls.ConnectionState, names headerrequest.StringSliceProvider) bool {
	if state == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	if !short(state.PeerCertificates) {
		return false
	}
	leaf := state.PeerCertificates[0]
	if allowed := names.Value(); len(allowed) > 0 && !slices.Contains(allowed, leaf.Subject.CommonName) {
		return false
	}
	options, ok := c.options()
	if !ok || options.Roots == nil { // the pool of the system
		return false
	}
	// Without the monotonic clock, which stops while a machine sleeps.
	now := c.clock.Now().Round(0)
	key := digestOf(state.PeerCertificates)
	if known, ok := c.valid.Get(key); ok && known.(validity).holds(options.Roots, now) {
		return true
	}
	options.CurrentTime = now
	if options.Intermediates == nil {
		options.Intermediates = x509.NewCertPool()
		for _, intermediate := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(intermediate)
		}
	}
	chains, err := c.check(leaf, options)
	if err != nil || len(chains) == 0 {
		c.valid.Remove(key)
		return false
	}
	until := now.Add(maxAge)
	for _, certificate := range slices.Concat(chains...) {
		if certificate.NotAfter.Before(until) {
			until = certificate.NotAfter
		}
	}
	c.valid.Add(key, validity{roots: options.Roots, from: now, until: until})
	return true
}

func (v validity) holds(roots *x509.CertPool, now time.Time) bool {
	return v.roots == roots && !now.Before(v.from) && !now.After(v.until)
}

// short returns whether a client has sent no more than kube-apiserver does. Anybody can send 256 KiB with the name of
// the front proxy, and digesting it for each request would be work that nobody's share counts.
func short(sent []*x509.Certificate) bool {
	size := 0
	for _, certificate := range sent {
		size += len(certificate.Raw)
	}
	return size <= maxBytes
}

// digestOf returns a digest of all that the client has sent: its certificate and the intermediate ones.
func digestOf(sent []*x509.Certificate) [sha256.Size]byte {
	all := make([]byte, 0, 2<<10)
	for _, certificate := range sent {
		all = append(binary.AppendUvarint(all, uint64(len(certificate.Raw))), certificate.Raw...)
	}
	return sha256.Sum256(all)
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// Content is the certificate that the server serves, as PEM, and its key.
// dynamiccertificates.CertKeyContentProvider of k8s.io/apiserver is one.
type Content interface {
	CurrentCertKeyContent() (cert, key []byte)
}

// reloader is a Content that reads its files again, and then keeps what it had if they are broken.
// dynamiccertificates.DynamicCertKeyPairContent is one.
type reloader interface {
	RunOnce(ctx context.Context) error
}

// Options say where a certificate comes from and what it is for.
type Options struct {
	// CertFile and KeyFile are the files of the certificate and its key. They are empty for a
	// certificate that exists only in memory.
	CertFile, KeyFile string
	// Name is the DNS name by which clients reach the server. If it is empty, it is not checked.
	Name string
}

const (
	// interval is the time between two checks. A check reads two small files.
	interval = 10 * time.Second
	// repeat is the time after which a problem that persists is logged again.
	repeat = time.Hour
)

// Monitor checks the certificate that a server serves, and the files that it comes from.
type Monitor struct {
	content Content
	options Options
	logger  klog.Logger

	// Only Run uses these.
	serving  []byte    // the PEM of the certificate that was logged
	logged   string    // the problems that were logged, or empty
	loggedAt time.Time // when

	mu      sync.Mutex
	refused int       // handshakes, since the last one that was logged
	told    time.Time // when a refused handshake was logged
}

// NewMonitor returns a monitor of a server's certificate.
func NewMonitor(content Content, options Options) *Monitor {
	return &Monitor{content: content, options: options, logger: klog.Background()}
}

// NotAfter returns the end of the validity of the certificate that is being served. It returns
// false if there is none.
func (m *Monitor) NotAfter() (time.Time, bool) {
	leaf, err := m.leaf()
	if err != nil {
		return time.Time{}, false
	}
	return leaf.NotAfter, true
}

func (m *Monitor) leaf() (*x509.Certificate, error) {
	certPEM, _ := m.content.CurrentCertKeyContent()
	return parse(certPEM)
}

// Run checks the certificate until the context ends. It logs each certificate that the server
// begins to serve, each problem when it begins and then every hour, and the end of all problems.
// The content must not get more listeners after Run was called.
func (m *Monitor) Run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		m.check(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (m *Monitor) check(ctx context.Context) {
	var problems []problem
	if m.options.CertFile != "" {
		if _, err := Load(m.options.CertFile, m.options.KeyFile); err != nil {
			problems = append(problems, m.unusable(err))
		} else if r, ok := m.content.(reloader); ok {
			// The content watches its files. If it has lost its watch, this finds the change.
			_ = r.RunOnce(ctx) // it tries again by itself
		}
	}
	if leaf, err := m.leaf(); err == nil {
		m.logServing(leaf)
		problems = append(problems, examine(leaf, m.options.Name, time.Now())...)
	}
	m.logProblems(problems)
}

// unusable is the problem of files that cannot be used. The server still serves the certificate
// that it has.
func (m *Monitor) unusable(err error) problem {
	until := "The server goes on with the certificate that it has."
	if notAfter, ok := m.NotAfter(); ok {
		until = "The server goes on with the certificate that it has, which is valid until " + stamp(notAfter) + "."
	}
	return problem{
		message: "The files of the serving certificate cannot be used",
		reason:  err.Error(),
		fix:     "Correct the files. " + until,
	}
}

func (m *Monitor) logServing(leaf *x509.Certificate) {
	if bytes.Equal(m.serving, leaf.Raw) {
		return
	}
	m.serving = leaf.Raw
	m.logger.Info("Serving with this certificate", m.describe(leaf)...)
}

func (m *Monitor) logProblems(problems []problem) {
	var all []string
	for _, p := range problems {
		all = append(all, p.message+": "+p.reason)
	}
	text, now := strings.Join(all, "\n"), time.Now()
	if text == m.logged && (text == "" || now.Sub(m.loggedAt) < repeat) {
		return
	}
	if text == "" {
		m.logger.Info("The serving certificate is in order again", "file", m.file())
	}
	for _, p := range problems {
		if p.later {
			m.logger.Info(p.message, "reason", p.reason, "file", m.file(), "fix", p.fix)
			continue
		}
		m.logger.Error(errors.New(p.reason), p.message, "file", m.file(), "fix", p.fix)
	}
	m.logged, m.loggedAt = text, now
}

// describe returns what an administrator needs to know of a certificate, as keys and values of a
// log line.
func (m *Monitor) describe(leaf *x509.Certificate) []any {
	return []any{
		"file", m.file(), "dnsNames", leaf.DNSNames, "issuer", leaf.Issuer.String(),
		"notBefore", stamp(leaf.NotBefore), "notAfter", stamp(leaf.NotAfter),
	}
}

func (m *Monitor) file() string {
	if m.options.CertFile == "" {
		return "none, the server has made the certificate itself"
	}
	return m.options.CertFile
}

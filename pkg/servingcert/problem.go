// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// problem is a reason why clients refuse a certificate, or soon will.
type problem struct {
	// message is the same for all problems of a kind.
	message string
	// reason has the details.
	reason string
	// fix says what to do.
	fix string
	// later is true if clients still accept the certificate.
	later bool
}

// A certificate that a certificate manager renews has more than a fifth of its lifetime left, and
// nobody needs more than this to renew one.
const (
	lifetimeLeft = 5
	enough       = 30 * 24 * time.Hour
)

// examine returns what is wrong with a certificate for a server that clients reach by a name. The
// name may be empty: it is then not checked.
func examine(leaf *x509.Certificate, name string, now time.Time) []problem {
	var problems []problem
	left := leaf.NotAfter.Sub(now)
	switch {
	case left < 0:
		problems = append(problems, problem{
			message: "The serving certificate has expired",
			reason:  "it was valid until " + stamp(leaf.NotAfter),
			fix:     "Replace the certificate. The server uses the new one without a restart.",
		})
	case now.Before(leaf.NotBefore):
		problems = append(problems, problem{
			message: "The serving certificate is not valid yet",
			reason:  "it is valid from " + stamp(leaf.NotBefore),
			fix:     "Compare the clock of this node with the issuer's, or replace the certificate. The server uses the new one without a restart.",
		})
	case left < min(enough, leaf.NotAfter.Sub(leaf.NotBefore)/lifetimeLeft):
		problems = append(problems, problem{
			message: "The serving certificate expires soon",
			reason:  "it is valid until " + stamp(leaf.NotAfter),
			fix:     "Renew the certificate before then. The server uses the new one without a restart.",
			later:   true,
		})
	}
	if name != "" {
		if err := leaf.VerifyHostname(name); err != nil {
			problems = append(problems, problem{
				message: "The serving certificate is not for the name of the server",
				reason:  err.Error(),
				fix:     fmt.Sprintf("Issue the certificate for the DNS name %s, which kube-apiserver verifies, or correct --serving-name.", name),
			})
		}
	}
	if len(leaf.ExtKeyUsage) > 0 && !slices.ContainsFunc(leaf.ExtKeyUsage, forServers) {
		problems = append(problems, problem{
			message: "The serving certificate is not for servers",
			reason:  "its extended key usage does not include serverAuth",
			fix:     "Issue the certificate with the extended key usage serverAuth.",
		})
	}
	return problems
}

func forServers(usage x509.ExtKeyUsage) bool {
	return usage == x509.ExtKeyUsageServerAuth || usage == x509.ExtKeyUsageAny
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExamine(t *testing.T) {
	const (
		expired = "The serving certificate has expired"
		early   = "The serving certificate is not valid yet"
		soon    = "later: The serving certificate expires soon"
		name    = "The serving certificate is not for the name of the server"
		usage   = "The serving certificate is not for servers"
	)
	now := time.Now()
	valid := func(from, until time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(from), now.Add(until) }
	}
	const day = 24 * time.Hour
	for what, tc := range map[string]struct {
		change func(*x509.Certificate)
		want   []string
	}{
		"in order":                       {nil, nil},
		"expired":                        {valid(-100*day, -time.Hour), []string{expired}},
		"not valid yet":                  {valid(time.Hour, 100*day), []string{early}},
		"a fifth of the lifetime":        {valid(-79*day, 21*day), nil},
		"less than a fifth":              {valid(-81*day, 19*day), []string{soon}},
		"of a day":                       {valid(-18*time.Hour, 6*time.Hour), nil},
		"of a day, less than a fifth":    {valid(-20*time.Hour, 4*time.Hour), []string{soon}},
		"of ten years":                   {valid(-3600*day, 31*day), nil},
		"of ten years, less than thirty": {valid(-3600*day, 29*day), []string{soon}},
		"another name":                   {func(c *x509.Certificate) { c.DNSNames = []string{"localhost"} }, []string{name}},
		"only a common name":             {func(c *x509.Certificate) { c.DNSNames, c.Subject.CommonName = nil, serverName }, []string{name}},
		"a wildcard":                     {func(c *x509.Certificate) { c.DNSNames = []string{"*.namespace.svc"} }, nil},
		"for clients":                    {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, []string{usage}},
		"for everything":                 {func(c *x509.Certificate) { c.ExtKeyUsage = nil }, nil},
		"expired, and another name": {func(c *x509.Certificate) {
			c.DNSNames, c.NotBefore, c.NotAfter = nil, now.Add(-day), now.Add(-time.Hour)
		}, []string{expired, name}},
	} {
		leaf, err := parse(issue(t, tc.change).cert)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range examine(leaf, serverName, now) {
			if p.later {
				p.message = "later: " + p.message
			}
			got = append(got, p.message)
			if p.reason == "" || !strings.HasSuffix(p.fix, ".") {
				t.Errorf("%s: reason %q, fix %q", what, p.reason, p.fix)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		for _, p := range examine(leaf, "", now) {
			if p.message == name {
				t.Errorf("%s: a name is checked, although there is none", what)
			}
		}
	}
}

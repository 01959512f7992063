// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package frontproxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	testingclock "k8s.io/utils/clock/testing"
)

// verifying counts how often certificates are verified.
type verifying struct {
	*certificates
	clock    *testingclock.FakePassiveClock
	provider dynamiccertificates.CAContentProvider // nil if nothing has been published
	names    headerrequest.StaticStringSlice
	checks   int
}

func newVerifying(provider dynamiccertificates.CAContentProvider) *verifying {
	v := &verifying{provider: provider, clock: testingclock.NewFakePassiveClock(start)}
	v.certificates = newCertificates(func() (x509.VerifyOptions, bool) {
		if v.provider == nil {
			return x509.VerifyOptions{}, false
		}
		return v.provider.VerifyOptions()
	}, v.clock)
	v.check = func(c *x509.Certificate, options x509.VerifyOptions) ([][]*x509.Certificate, error) {
		v.checks++
		return c.Verify(options)
	}
	return v
}

func stateOf(sent ...*authority) *tls.ConnectionState {
	state := &tls.ConnectionState{}
	for _, a := range sent {
		state.PeerCertificates = append(state.PeerCertificates, a.certificate)
	}
	return state
}

// expect checks a verdict, and that it took some checks.
func (v *verifying) expect(t *testing.T, what string, state *tls.ConnectionState, want bool, checks int) {
	t.Helper()
	v.checks = 0
	if got := v.verify(state, v.names); got != want || v.checks != checks {
		t.Errorf("%s: %v after %d checks, want %v after %d", what, got, v.checks, want, checks)
	}
}

// What is remembered must never outlive that for which it was found.
func TestCertificateIsVerifiedAgain(t *testing.T) {
	ca, other := newCA(t, "front-proxy-ca"), newCA(t, "front-proxy-ca")
	for name, tc := range map[string]struct {
		sent   func() *tls.ConnectionState
		change func(*verifying)
		want   bool
		checks int
	}{
		"nothing happens":              {nil, func(*verifying) {}, true, 0},
		"some seconds pass":            {nil, func(v *verifying) { v.clock.SetTime(start.Add(59 * time.Second)) }, true, 0},
		"a minute passes":              {nil, func(v *verifying) { v.clock.SetTime(start.Add(61 * time.Second)) }, true, 1},
		"the clock is set back":        {nil, func(v *verifying) { v.clock.SetTime(start.Add(-time.Second)) }, true, 1},
		"it is before the certificate": {nil, func(v *verifying) { v.clock.SetTime(start.Add(-2 * time.Hour)) }, false, 1},
		"the same bundle is published": {nil, func(v *verifying) { v.provider = bundle(t, ca) }, true, 1},
		"a CA is added":                {nil, func(v *verifying) { v.provider = bundle(t, ca, other) }, true, 1},
		"the CA is replaced":           {nil, func(v *verifying) { v.provider = bundle(t, other) }, false, 1},
		"nothing is published":         {nil, func(v *verifying) { v.provider = nil }, false, 0},
		"its name is allowed":          {nil, func(v *verifying) { v.names = []string{"a", "front-proxy"} }, true, 0},
		"its name is forbidden":        {nil, func(v *verifying) { v.names = []string{"a", "front"} }, false, 0},
		"the certificate expires": {
			func() *tls.ConnectionState {
				return stateOf(ca.sign(t, "front-proxy", until(start.Add(30*time.Second))))
			},
			func(v *verifying) { v.clock.SetTime(start.Add(31 * time.Second)) }, false, 1,
		},
		"an intermediate one expires": {
			func() *tls.ConnectionState {
				intermediate := ca.sign(t, "intermediate", isCA, until(start.Add(30*time.Second)))
				return stateOf(intermediate.sign(t, "front-proxy"), intermediate)
			},
			func(v *verifying) { v.clock.SetTime(start.Add(31 * time.Second)) }, false, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifying(bundle(t, ca))
			state := stateOf(ca.sign(t, "front-proxy"))
			if tc.sent != nil {
				state = tc.sent()
			}
			v.expect(t, "at first", state, true, 1)
			v.expect(t, "again", state, true, 0)
			tc.change(v)
			v.expect(t, "afterwards", state, tc.want, tc.checks)
		})
	}
}

// No certificate gets the verdict on another one, and refusals are not remembered.
func TestCertificatesAreToldApart(t *testing.T) {
	ca, other := newCA(t, "front-proxy-ca"), newCA(t, "front-proxy-ca")
	intermediate := ca.sign(t, "intermediate", isCA)
	below := intermediate.sign(t, "front-proxy")
	forged := *ca.sign(t, "front-proxy").certificate
	forged.Raw, forged.Signature = append([]byte{}, forged.Raw...), append([]byte{}, forged.Signature...)
	forged.Raw[len(forged.Raw)-1] ^= 1
	forged.Signature[len(forged.Signature)-1] ^= 1

	v := newVerifying(bundle(t, ca))
	good := stateOf(ca.sign(t, "front-proxy"))
	chain := stateOf(below, intermediate)
	for _, state := range []*tls.ConnectionState{good, chain} {
		v.expect(t, "a good one", state, true, 1)
	}
	for name, state := range map[string]*tls.ConnectionState{
		"of another CA":                stateOf(other.sign(t, "front-proxy")),
		"signed by itself":             stateOf((*authority)(nil).sign(t, "front-proxy")),
		"without its intermediate one": stateOf(below),
		"with one of no use":           stateOf(below, other),
		"for servers":                  stateOf(ca.sign(t, "front-proxy", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })),
		"expired":                      stateOf(ca.sign(t, "front-proxy", until(start.Add(-time.Second)))),
		"with another signature":       {PeerCertificates: []*x509.Certificate{&forged}},
	} {
		for range 2 {
			v.expect(t, name, state, false, 1)
		}
	}
	v.expect(t, "none", stateOf(), false, 0)
	v.expect(t, "no TLS", nil, false, 0)
	v.expect(t, "a good one with another behind it", stateOf(&authority{certificate: good.PeerCertificates[0]}, other), true, 1)
	for _, state := range []*tls.ConnectionState{good, chain} {
		v.expect(t, "a good one, again", state, true, 0)
	}
	// The same certificate on another connection is another value in memory.
	again, err := x509.ParseCertificate(good.PeerCertificates[0].Raw)
	if err != nil {
		t.Fatal(err)
	}
	v.expect(t, "on another connection", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{again}}, true, 0)
}

// The certificates of the system must not authenticate anybody.
func TestRootsOfTheSystemAreNotUsed(t *testing.T) {
	v := newVerifying(nil)
	v.options = func() (x509.VerifyOptions, bool) { return x509.VerifyOptions{}, true }
	v.expect(t, "no roots", stateOf(newCA(t, "front-proxy")), false, 0)
}

func TestCertificatesAreBounded(t *testing.T) {
	ca := newCA(t, "front-proxy-ca")
	v := newVerifying(bundle(t, ca))
	for i := range maxCertificates + 10 {
		v.expect(t, "a new one", stateOf(ca.sign(t, fmt.Sprint("front-proxy-", i))), true, 1)
	}
	if n := v.valid.Len(); n != maxCertificates {
		t.Errorf("%d certificates are remembered", n)
	}
}

func BenchmarkCertificates(b *testing.B) {
	ca := newCA(b, "front-proxy-ca")
	v := newVerifying(bundle(b, ca))
	state := stateOf(ca.sign(b, "front-proxy"))
	for _, remembered := range []bool{false, true} {
		b.Run(fmt.Sprintf("remembered=%v", remembered), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !remembered {
					v.valid.Clear()
				}
				if !v.verify(state, v.names) {
					b.Fatal("not verified")
				}
			}
		})
	}
}

// What is longer than what kube-apiserver sends is not looked at here.
func TestLongCertificates(t *testing.T) {
	v := newVerifying(nil)
	state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Raw: make([]byte, maxBytes+1)}}}
	v.provider = unreachable{t}
	v.expect(t, "a long one", state, false, 0)
}

// unreachable is a provider that must not be asked.
type unreachable struct{ t *testing.T }

func (u unreachable) VerifyOptions() (x509.VerifyOptions, bool) {
	u.t.Error("the CA bundle has been asked for")
	return x509.VerifyOptions{}, false
}
func (u unreachable) Name() string                             { return "" }
func (u unreachable) CurrentCABundleContent() []byte           { return nil }
func (u unreachable) AddListener(dynamiccertificates.Listener) {}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"context"
	"crypto/x509"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unwatched is the content of files that it does not watch.
type unwatched struct {
	options Options
	loaded  atomic.Pointer[pair]
}

func (u *unwatched) CurrentCertKeyContent() (cert, key []byte) {
	return u.loaded.Load().CurrentCertKeyContent()
}

func (u *unwatched) RunOnce(context.Context) error {
	if _, err := Load(u.options.CertFile, u.options.KeyFile); err != nil {
		return err
	}
	cert, err := os.ReadFile(u.options.CertFile)
	u.loaded.Store(&pair{cert: cert})
	return err
}

// What happens to a certificate over time is logged once, with the words that lead to the fix.
func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := issue(t, nil)
		options := files(t, first)
		var log lines
		content := &unwatched{options: options}
		content.loaded.Store(&first)
		m := log.attach(NewMonitor(content, options))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go m.Run(ctx)

		// expect waits for the next check, and fails the test unless exactly these messages were
		// logged since the last call, and the lines contain all these words.
		expect := func(wait time.Duration, messages []string, words ...string) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			got, text := log.take()
			if diff := cmp.Diff(messages, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			for _, word := range words {
				if !strings.Contains(text, word) {
					t.Errorf("no %q in:\n%s", word, text)
				}
			}
		}
		notAfter := func() string {
			end, ok := m.NotAfter()
			if !ok {
				t.Error("no end")
			}
			return stamp(end)
		}
		serving, broken := "Serving with this certificate", "The files of the serving certificate cannot be used"
		end := stamp(time.Now().AddDate(0, 0, 90))
		expect(0, []string{serving}, options.CertFile, serverName, "CN=issuer", end)
		expect(time.Hour, nil)

		// A new certificate is used even if its content does not watch the files.
		second := issue(t, func(c *x509.Certificate) { c.DNSNames = []string{"other.namespace.svc"} })
		write(t, options.KeyFile, second.key)
		write(t, options.CertFile, second.cert)
		expect(interval, []string{serving, "The serving certificate is not for the name of the server"},
			"other.namespace.svc, not "+serverName, "fix=")
		expect(repeat-2*interval, nil)
		expect(2*interval, []string{"The serving certificate is not for the name of the server"})

		// Files that do not fit each other: the server keeps what it has, and says until when.
		third := issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(10 * time.Hour) })
		write(t, options.CertFile, third.cert)
		end = notAfter()
		expect(interval, []string{broken, "The serving certificate is not for the name of the server"},
			options.KeyFile+": the private key is not the one of the certificate in "+options.CertFile, "valid until "+end)
		if got := notAfter(); got != end {
			t.Errorf("the end is %s, want %s", got, end)
		}
		if err := os.Remove(options.CertFile); err != nil {
			t.Fatal(err)
		}
		expect(interval, []string{broken, "The serving certificate is not for the name of the server"}, "no such file")

		// A certificate ends while it is served.
		write(t, options.CertFile, third.cert)
		write(t, options.KeyFile, third.key)
		expect(interval, []string{serving, "The serving certificate expires soon"}, "Renew the certificate")
		expect(10*time.Hour-time.Minute, slices.Repeat([]string{"The serving certificate expires soon"}, 9), notAfter())
		expect(time.Minute, []string{"The serving certificate has expired"}, "it was valid until "+notAfter(), "Replace the certificate")
		fourth := issue(t, nil)
		write(t, options.CertFile, fourth.cert)
		write(t, options.KeyFile, fourth.key)
		expect(interval, []string{serving, "The serving certificate is in order again"})
	})
}

// A certificate that the server makes itself has no files, but may end, too.
func TestMonitorWithoutFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		m := log.attach(NewMonitor(issue(t, nil), Options{Name: serverName}))
		m.check(t.Context())
		if got, _ := log.take(); len(got) != 1 {
			t.Errorf("messages %q", got)
		}
		time.Sleep(91 * 24 * time.Hour)
		m.check(t.Context())
		if diff := cmp.Diff([]string{"The serving certificate has expired"}, first(log.take())); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
	})
}

func first(messages []string, _ string) []string { return messages }

// A certificate that cannot be read has no end.
func TestNotAfterOfGarbage(t *testing.T) {
	if end, ok := NewMonitor(pair{}, Options{}).NotAfter(); ok {
		t.Errorf("it ends at %v", end)
	}
}

// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// writeCertificate puts tls.crt and tls.key of a self-signed certificate into a folder like the
// kubelet does with a Secret: the files are links into ..data, which is a link to a folder. That
// link is replaced at once, and the old folder deleted.
func writeCertificate(t *testing.T, dir, name string, notAfter time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Unix(0, 0), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	swap(t, dir, name, map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	})
}

// swap makes dir have these files, as k8s.io/kubernetes/pkg/volume/util.AtomicWriter does.
func swap(t *testing.T, dir, version string, files map[string][]byte) {
	t.Helper()
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(filepath.Join(dir, ".."+version), 0o700))
	for file, content := range files {
		must(os.WriteFile(filepath.Join(dir, ".."+version, file), content, 0o600))
	}
	must(os.Symlink(".."+version, filepath.Join(dir, "..data_tmp")))
	must(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	if old != "" {
		must(os.RemoveAll(filepath.Join(dir, old)))
		return
	}
	for file := range files {
		must(os.Symlink(filepath.Join("..data", file), filepath.Join(dir, file)))
	}
}

// newCertificate returns the certificate in such a folder, as the flags of the server do.
func newCertificate(t *testing.T, dir, name string, notAfter time.Time) *dynamiccertificates.DynamicCertKeyPairContent {
	t.Helper()
	writeCertificate(t, dir, name, notAfter)
	content, err := dynamiccertificates.NewDynamicServingContentFromFiles("serving-cert", filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// The kubelet replaces the files of a Secret while the server runs. New connections then get the
// new certificate, and a watch goes on. Files that cannot be used change nothing.
func TestCertificateIsReplaced(t *testing.T) {
	dir, end := t.TempDir(), time.Now().Add(time.Hour)
	content := newCertificate(t, dir, "first", end)
	u := newUpstream(t)
	s := newServer(t, u, func(c *genericapiserver.Config) { c.SecureServing.Cert = content })
	eventually(t, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	served := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{InsecureSkipVerify: true}) // only the name matters
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	if got := served(); got != "first" {
		t.Fatalf("served: %s", got)
	}
	watch := s.open(t, s.client, "alice", group+"/tenantnamespaces?watch=1&resourceVersion=0")
	defer watch.Body.Close()
	events := bufio.NewScanner(watch.Body)
	next := func(want string) {
		t.Helper()
		if !events.Scan() || !strings.Contains(events.Text(), want) {
			t.Errorf("the watch got %q (%v), not %s", events.Text(), events.Err(), want)
		}
	}
	next("solar-a")
	next("solar-b")

	writeCertificate(t, dir, "second", end)
	eventually(t, "new connections get the new certificate", func() bool { return served() == "second" })

	for name, files := range map[string]map[string][]byte{
		"empty":   {"tls.crt": nil, "tls.key": nil},
		"garbage": {"tls.crt": []byte("garbage"), "tls.key": []byte("garbage")},
		"gone":    {},
	} {
		swap(t, dir, name, files)
		if err := content.RunOnce(t.Context()); err == nil {
			t.Errorf("%s: the files are taken", name)
		}
		if got := served(); got != "second" {
			t.Errorf("%s: served: %s", name, got)
		}
	}
	writeCertificate(t, dir, "third", end)
	eventually(t, "new connections get the third certificate", func() bool { return served() == "third" })

	// The watch of before still runs.
	added := tenantNamespace("solar-c", 1001)
	added.TypeMeta = metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}
	u.events <- object{"type": "ADDED", "object": added}
	next("solar-c")
}
